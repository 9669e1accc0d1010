#include "fedscape/io/shuffle_file.hpp"

#include <gmock/gmock.h>

#include "fedscape/io/hdf5_file.hpp"
#include "tests/support/message_of.hpp"
#include "tests/support/temp_folder.hpp"

namespace fedscape {
namespace {

ShuffleTable read(const std::filesystem::path& path) {
  ShuffleTable table;
  hdf5::read_file(path, [&](const hdf5::Group& file) { table = read_shuffle_table(file); });
  return table;
}

TEST(ShuffleFile, GivesBackWhatWasWritten) {
  const test::TempFolder folder;
  ShuffleTable table{{0, 0.5}, {0.25}, 2, {}};
  for (int i = 0; i < 5; ++i) table.results.push_back({i + 0.5, i + 0.25, i * 0.125});
  table.results.back().difference = 0;
  RunInfo info;
  info.command = "pan shuffle";
  const std::filesystem::path path = folder / "shuffle.h5";
  write_shuffle_table(path, info, table);
  const ShuffleTable back = read(path);
  EXPECT_EQ(back.ratios, table.ratios);
  EXPECT_EQ(back.probabilities, table.probabilities);
  ASSERT_EQ(back.results.size(), 5u);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(back.results[i].accuracy, table.results[i].accuracy);
    EXPECT_EQ(back.results[i].loss, table.results[i].loss);
    EXPECT_EQ(back.results[i].difference, table.results[i].difference);
  }
  EXPECT_EQ(back.accuracy(1, 0), 3);
  EXPECT_TRUE(std::filesystem::exists(folder / "shuffle.csv"));
}

TEST(ShuffleFile, RefusesAFileOfAnotherShape) {
  const test::TempFolder folder;
  hdf5::File file = hdf5::File::create(folder / "shuffle.h5");
  const std::vector<double> two = {0, 1}, three = {1, 2, 3};
  file.write<double>("ratio", {2}, two);
  file.write<double>("probability", {2}, two);
  file.write<double>("accuracy", {1, 1, 3}, three);
  EXPECT_THAT(test::message_of([&] { read_shuffle_table(file); }), testing::HasSubstr("no shuffle test"));
  file.set_text("format", "fedscape shuffle 1");
  EXPECT_THAT(test::message_of([&] { read_shuffle_table(file); }),
              testing::HasSubstr("accuracies [1,1,3] for 2 ratios and 2 probabilities"));
}

}  // namespace
}  // namespace fedscape
