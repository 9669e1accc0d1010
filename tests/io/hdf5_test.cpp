#include "fedscape/io/hdf5.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "fedscape/base/check.hpp"
#include "fedscape/io/hdf5_file.hpp"
#include "tests/support/message_of.hpp"
#include "tests/support/temp_folder.hpp"

namespace fedscape::hdf5 {
namespace {

using test::message_of;
using testing::ElementsAre;
using testing::HasSubstr;

const std::vector<float> kSix{1, 2, 3, 4, 5, 6};

/// A file with a bit of everything.
void write_sample(const std::filesystem::path& path) {
  File file = File::create(path);
  file.write<float>("group/x", {2, 3}, kSix).set_text("units", "m/s");
  file.write_text("names", std::vector<std::string>{"anna", "", "große"});
  file.set_integer("round", 7);
  file.set_number("lr", 0.1);
  Dataset rows = file.make_rows<std::int64_t>("rows", {2});
  rows.append<std::int64_t>(std::vector<std::int64_t>{1, 2, 3, 4, 5, 6});
  file.save();
}

TEST(Hdf5, ReadsBackWhatItWrote) {
  const test::TempFolder folder;
  write_sample(folder / "a.h5");
  read_file(folder / "a.h5", [](const Group& file) {
    EXPECT_EQ(file.dataset("group/x").read<float>(6), kSix);
    EXPECT_EQ(file.dataset("group/x").shape(), (Shape{2, 3}));
    EXPECT_EQ(file.dataset("group/x").text("units"), "m/s");
    EXPECT_THAT(file.dataset("names").read_text(3), ElementsAre("anna", "", "große"));
    EXPECT_EQ(file.integer("round"), 7);
    EXPECT_EQ(file.number("lr"), 0.1);
    EXPECT_THAT(file.names(), ElementsAre("group", "names", "rows"));
    EXPECT_THAT(file.attributes(), ElementsAre("lr", "round"));
    EXPECT_TRUE(file.has_group("group") && !file.has_group("group/x") && !file.has_dataset("nothing/there"));
  });
}

TEST(Hdf5, AppendsAndTruncatesRowsOfAReopenedFile) {
  const test::TempFolder folder;
  write_sample(folder / "a.h5");
  File file = File::open(folder / "a.h5");
  Dataset rows = file.dataset("rows");
  rows.truncate(1);
  rows.append<std::int64_t>(std::vector<std::int64_t>{7, 8});
  file.save();
  EXPECT_THAT(File::open(folder / "a.h5").dataset("rows").read<std::int64_t>(10), ElementsAre(1, 2, 7, 8));
  std::vector<std::int64_t> last(2);
  rows.read_rows(1, std::span(last));
  EXPECT_THAT(last, ElementsAre(7, 8));
}

TEST(Hdf5, ReplacesAnAttributeThatExists) {
  const test::TempFolder folder;
  File file = File::create(folder / "a.h5");
  file.set_text("a", "x");
  file.set_integer("a", 3);
  EXPECT_EQ(file.integer("a"), 3);
}

TEST(Hdf5, WritesTheSameBytesForTheSameContents) {
  const test::TempFolder folder;
  const auto bytes = [&](const std::string& name) {
    write_sample(folder / name);
    std::ifstream file(folder / name, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  EXPECT_EQ(bytes("a.h5"), bytes("b.h5"));
}

TEST(Hdf5, ConvertsWithinAKindButNotFloatsToIntegers) {
  const test::TempFolder folder;
  File file = File::create(folder / "a.h5");
  const Dataset x = file.write<float>("x", {6}, kSix);
  const std::vector<std::int64_t> one{1};
  EXPECT_THAT(file.write<std::int64_t>("i", {1}, one).read<float>(1), ElementsAre(1.0f));
  EXPECT_THAT(x.read<double>(6), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(message_of([&] { x.read<std::int32_t>(6); }), HasSubstr("a.h5: /x: integers expected, found floats"));
}

TEST(Hdf5, NamesFileObjectExpectationAndFinding) {
  const test::TempFolder folder;
  write_sample(folder / "a.h5");
  const File file = File::open(folder / "a.h5");
  EXPECT_THAT(message_of([&] { file.dataset("group/x").read<float>(5); }),
              HasSubstr("a.h5: /group/x: at most 5 elements expected, found [2,3]"));
  EXPECT_THAT(message_of([&] { file.dataset("group"); }), HasSubstr("a.h5: /group: a dataset expected, found none"));
  EXPECT_THAT(message_of([&] { file.text("round"); }), HasSubstr("@round: strings expected"));
  EXPECT_THAT(message_of([&] { file.dataset("names").read<float>(3); }), HasSubstr("/names: numbers expected"));
  EXPECT_THAT(message_of([&] { file.integer("none"); }), HasSubstr("@none: attribute expected, found none"));
}

TEST(Hdf5, RefusesASealedFileThatChanged) {
  const test::TempFolder folder;
  write_sample(folder / "a.h5");
  std::fstream(folder / "a.h5", std::ios::in | std::ios::out | std::ios::binary).seekp(900).put('?');
  EXPECT_THAT(message_of([&] { File::open(folder / "a.h5"); }), HasSubstr("damaged: checksum"));
  std::filesystem::resize_file(folder / "a.h5", 2000);
  EXPECT_THAT(message_of([&] { File::open(folder / "a.h5"); }), HasSubstr("no checksum at its end"));
}

TEST(Hdf5, OutlivesAReaderThatCrashesOnADamagedFile) {
  const test::TempFolder folder;
  write_sample(folder / "a.h5");
  std::filesystem::resize_file(folder / "a.h5", std::filesystem::file_size(folder / "a.h5") - 16);
  const pid_t self = getpid();
  EXPECT_THAT(message_of([&] {
                read_file(folder / "a.h5", [&](const Group&) {
                  if (getpid() != self) std::abort();
                });
              }),
              HasSubstr("a.h5: damaged"));
}

}  // namespace
}  // namespace fedscape::hdf5
