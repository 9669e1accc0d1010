#include "fedscape/io/surface_file.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <random>

#include "fedscape/io/atomic_file.hpp"
#include "fedscape/io/hdf5_file.hpp"
#include "tests/io/same_profile.hpp"
#include "tests/io/small_surface.hpp"
#include "tests/support/message_of.hpp"
#include "tests/support/one_rank.hpp"
#include "tests/support/temp_folder.hpp"

namespace fedscape {
namespace {

using test::content_of, test::expect_complete, test::kGrid, test::record_all;

TEST(SurfaceFile, HoldsEveryMetricOfEverySplitAndLeavesNoJournal) {
  const test::TempFolder folder;
  test::OneRank comm;
  SurfaceFile file = SurfaceFile::open(folder / "s.h5", content_of(kGrid), comm);
  EXPECT_EQ(file.pending().size(), 20u);
  record_all(file, file.pending());
  EXPECT_TRUE(std::filesystem::exists(folder / "s.h5.journal.0"));
  file.finish();
  EXPECT_TRUE(file.pending().empty());
  EXPECT_FALSE(std::filesystem::exists(folder / "s.h5.journal.0"));
  expect_complete(folder / "s.h5");
}

TEST(SurfaceFile, KeepsTheProfileOfTheLastProcessThatHadOne) {
  const test::TempFolder folder;
  test::OneRank comm;
  const ProfileTable table{.rows = {{"forward", "linear", 3, 0.5, {8e9, 2e6}}, {"other", "", 1, 0.25, {}}}};
  {
    SurfaceFile file = SurfaceFile::open(folder / "s.h5", content_of(kGrid), comm);
    record_all(file, file.pending());
    file.finish();
    EXPECT_FALSE(read_profile(hdf5::File::open(folder / "s.h5")));
    file.save_profile(table);
  }
  SurfaceFile::open(folder / "s.h5", content_of(kGrid), comm).finish();
  EXPECT_THAT(read_profile(hdf5::File::open(folder / "s.h5")), testing::Optional(test::same_profile(table)));
  expect_complete(folder / "s.h5");
}

TEST(SurfaceFile, ShowsWhatIsNotComputedByItsStatusAndNaN) {
  const test::TempFolder folder;
  test::OneRank comm;
  SurfaceFile file = SurfaceFile::open(folder / "s.h5", content_of(kGrid), comm);
  file.record({2, 1}, std::vector<Metrics>{{.loss = std::nan(""), .count = 1}, {.loss = 0, .count = 1}});
  file.finish();
  const Surface surface = read_surface(folder / "s.h5");
  for (std::size_t i = 0; i < 20; ++i) {
    EXPECT_EQ(surface.status[i], i == 7);
    EXPECT_EQ(std::isnan(surface.field("test_loss").values[i]), i != 7);  // a loss of 0 is a result
  }
  EXPECT_TRUE(std::isnan(surface.field("train_loss").values[7]));  // and so is NaN
  EXPECT_EQ(file.pending().size(), 19u);
}

TEST(SurfaceFile, IsNotResumedWithOtherOptions) {
  const test::TempFolder folder;
  test::OneRank comm;
  const auto open_with = [&](const SurfaceFile::Content& content) {
    return test::message_of([&] { SurfaceFile::open(folder / "s.h5", content, comm); });
  };
  EXPECT_EQ(open_with(content_of(kGrid)), "");
  SurfaceFile::Content threads = content_of(kGrid), norm = threads, grid = threads, splits = threads;
  threads.info.options[2].second = "16";
  EXPECT_EQ(open_with(threads), "");
  norm.info.options[1].second = "layer";
  EXPECT_NE(open_with(norm).find("option xnorm = 'filter', not 'layer'"), std::string::npos);
  grid.grid.ny = 7;
  EXPECT_NE(open_with(grid).find("5 x 7 points expected, found 5 x 4"), std::string::npos);
  splits.splits = {"test"};
  EXPECT_NE(open_with(splits).find("6 fields expected, found 12"), std::string::npos);
}

TEST(SurfaceFile, NeverReplacesAFileThatIsNoSurface) {
  const test::TempFolder folder;
  test::OneRank comm;
  std::ofstream(folder / "s.h5") << "my notes";
  EXPECT_NE(test::message_of([&] { SurfaceFile::open(folder / "s.h5", content_of(kGrid), comm); }), "");
  EXPECT_EQ(std::filesystem::file_size(folder / "s.h5"), 8u);
  hdf5::File run = hdf5::File::create(folder / "run.h5");
  run.save();
  EXPECT_NE(test::message_of([&] {
              SurfaceFile::open(folder / "run.h5", content_of(kGrid), comm);
            }).find("a 'fedscape surface 1' expected"),
            std::string::npos);
}

TEST(SurfaceFile, DamagedAnywhereIsRefusedAndKept) {
  const test::TempFolder folder;
  test::OneRank comm;
  SurfaceFile::open(folder / "good.h5", content_of(kGrid), comm);
  const std::vector<std::byte> good = read_bytes(folder / "good.h5", 1 << 24);
  std::mt19937 random(1);
  for (int i = 0; i < 60; ++i) {
    std::vector<std::byte> bytes = good;
    if (i % 3 == 0)
      bytes.resize(random() % good.size());
    else
      bytes[random() % good.size()] ^= static_cast<std::byte>(1 + random() % 255);
    std::ofstream(folder / "s.h5", std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), std::ssize(bytes));
    EXPECT_NE(test::message_of([&] { SurfaceFile::open(folder / "s.h5", content_of(kGrid), comm); }), "");
    EXPECT_EQ(read_bytes(folder / "s.h5", 1 << 24), bytes);
  }
}

TEST(SurfaceFile, NamesTheFileThatCannotBeWritten) {
  test::OneRank comm;
  const std::string message =
      test::message_of([&] { SurfaceFile::open("/no/such/folder/s.h5", content_of(kGrid), comm); });
  EXPECT_NE(message.find("/no/such/folder"), std::string::npos) << message;
}

/// What plot_2D.py and plot_1D.py of loss-landscape rely on.
TEST(SurfaceFile, HasTheNamesShapesAndOrderThatPlottingScriptsRead) {
  const test::TempFolder folder;
  test::OneRank comm;
  SurfaceFile::open(folder / "s.h5", content_of(kGrid), comm);
  hdf5::read_file(folder / "s.h5", [](const hdf5::Group& root) {
    EXPECT_EQ(root.dataset("xcoordinates").read<double>(9), (std::vector<double>{-1, -0.5, 0, 0.5, 1}));
    EXPECT_EQ(root.dataset("ycoordinates").read<double>(9), (std::vector<double>{0, 1, 2, 3}));
    for (const std::string name : {"train_loss", "train_acc", "test_loss", "test_acc", "status"})
      EXPECT_EQ(root.dataset(name).shape(), (Shape{4, 5})) << name;  // meshgrid(x, y) has [ny,nx]
    EXPECT_EQ(root.dataset("dir_file").read_text(1), std::vector<std::string>{"directions.h5"});
    EXPECT_EQ(root.dataset("dir_file").shape(), Shape{});
    EXPECT_EQ(root.text("order"), "[iy][ix]");
    EXPECT_EQ(root.group("options").text("xnorm"), "filter");
  });
}

TEST(SurfaceFile, OfALineHasOneAxisAndNoYCoordinates) {
  const test::TempFolder folder;
  test::OneRank comm;
  SurfaceFile file =
      SurfaceFile::open(folder / "s.h5", content_of({.x0 = 0, .x1 = 2, .y0 = 0, .nx = 3, .ny = 1}), comm);
  record_all(file, file.pending());
  file.finish();
  hdf5::read_file(folder / "s.h5", [](const hdf5::Group& root) {
    EXPECT_FALSE(root.has_dataset("ycoordinates"));
    EXPECT_EQ(root.dataset("train_loss").read<double>(3), (std::vector<double>{0, 1, 2}));
    EXPECT_EQ(root.dataset("status").shape(), Shape{3});
    EXPECT_EQ(root.text("order"), "[ix]");
  });
  expect_complete(folder / "s.h5");
}

}  // namespace
}  // namespace fedscape
