#include "tests/support/corrupt.hpp"

#include <gtest/gtest.h>

#include "fedscape/io/client_memory_file.hpp"
#include "fedscape/io/hdf5_file.hpp"
#include "fedscape/io/model_file.hpp"
#include "fedscape/io/run_history.hpp"
#include "tests/io/small_layout.hpp"
#include "tests/support/one_rank.hpp"
#include "tests/support/temp_folder.hpp"

namespace fedscape {
namespace {

using test::corruptions;
using test::count_refused;

/// A model file that is small and has every kind of object.
void write_model(const std::filesystem::path& path) {
  hdf5::File file = hdf5::File::create(path);
  hdf5::Group model = file.make_group("model");
  const ParamLayout layout = test::small_layout();
  write_state_dict(model, to_state_dict(layout, test::counted(layout)));
  file.make_rows<double>("rows").append<double>(std::vector<double>{1, 2, 3});
  file.write_text("names", std::vector<std::string>{"a", "b"});
  file.set_text("who", "me");
  file.save();
}

void remove_seal(const std::filesystem::path& path) {
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 16);
}

/// Reads all there is.
void walk(const hdf5::Group& root) {
  for (const std::string& name : root.attributes()) root.text(name);
  read_state_dict(root.group("model"));
  root.dataset("rows").read<double>(100);
  root.dataset("names").read_text(100);
}

TEST(Corrupted, SealedFilesAreAllRefused) {
  const test::TempFolder folder;
  write_model(folder / "a.h5");
  const int copies = corruptions(200);
  // What changes nothing (a byte overwritten by itself) passes; it is rare.
  EXPECT_GT(count_refused(folder / "a.h5", folder / "b.h5", copies, [&] { hdf5::File::open(folder / "b.h5"); }),
            copies * 9 / 10);
}

TEST(Corrupted, ForeignHdf5FilesAreReadOrRefused) {
  const test::TempFolder folder;
  write_model(folder / "a.h5");
  remove_seal(folder / "a.h5");
  const int copies = corruptions(200);
  EXPECT_GT(count_refused(folder / "a.h5", folder / "b.h5", copies, [&] { hdf5::read_file(folder / "b.h5", walk); }),
            copies / 4);
}

TEST(Corrupted, SafetensorsAreReadOrRefused) {
  const test::TempFolder folder;
  const ParamLayout layout = test::small_layout();
  write_safetensors(folder / "a", to_state_dict(layout, test::counted(layout)));
  const int copies = corruptions(300);
  EXPECT_GT(count_refused(folder / "a", folder / "b", copies, [&] { read_model(folder / "b", layout); }), copies / 4);
}

TEST(Corrupted, ClientMemoryIsReadOrRefused) {
  const test::TempFolder folder;
  const ClientMemoryShape shape{.clients = 4, .floats = 300, .run = 1};
  test::OneRank comm;
  {
    const auto memory = open_client_memory(folder / "a", shape, 0, comm);
    for (const std::int64_t round : {1, 2}) {
      for (ClientId id = 0; id < 4; ++id) memory->store(id, round, std::vector<float>(300, static_cast<float>(round)));
      memory->commit(round);
    }
  }
  std::vector<float> out(300);
  const int copies = corruptions(200);
  const auto read = [&] {
    const auto memory = open_client_memory(folder / "b", shape, 2, comm);
    for (ClientId id = 0; id < 4; ++id) {
      const bool known = memory->load(id, out);
      EXPECT_TRUE(!known || (out[0] == out[299] && (out[0] == 1.0f || out[0] == 2.0f)));
    }
  };
  EXPECT_GT(count_refused(folder / "a", folder / "b", copies, read), copies / 4);
}

}  // namespace
}  // namespace fedscape
