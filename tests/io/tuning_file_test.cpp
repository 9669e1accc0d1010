#include "fedscape/io/tuning_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/corrupt.hpp"
#include "tests/support/message_of.hpp"
#include "tests/support/temp_folder.hpp"

namespace fedscape {
namespace {

using testing::HasSubstr;

Tuning example() {
  Tuning tuning;
  tuning.device = "a device";
  tuning.libraries = "cuBLAS 1, cuDNN 2";
  tuning.entries[{ops::ConvPass::forward, {9, 8, 6, 12, 3, 2, 2, 1, 1, 0, 1, 3, 2}, 10, true}] = {2e-3, 1e-3, true};
  tuning.entries[{ops::ConvPass::backward_data, one_pixel(84, 10), 50, false}] = {1e-4, 2.5e-4, false};
  tuning.entries[{ops::ConvPass::backward_weights, one_pixel(84, 10), 50, false}] = {1e-4, 0, false};
  return tuning;
}

class TuningFile : public testing::Test {
 protected:
  std::filesystem::path path() const { return folder / "tuning.json"; }
  /// What is said of the example's file with the first `from` replaced by `to`.
  std::string refusal(const std::string& from, const std::string& to) const {
    write_tuning(path(), example());
    std::ifstream in(path());
    std::string text((std::istreambuf_iterator<char>(in)), {});
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
    std::ofstream(path(), std::ios::trunc) << text;
    return test::message_of([&] { read_tuning(path()); });
  }
  const test::TempFolder folder;
};

TEST_F(TuningFile, GivesBackWhatWasWritten) {
  const Tuning written = example();
  write_tuning(path(), written);
  const Tuning read = read_tuning(path());
  EXPECT_EQ(read.device, written.device);
  EXPECT_EQ(read.libraries, written.libraries);
  EXPECT_EQ(read.hash(), written.hash());
  ASSERT_EQ(read.entries.size(), written.entries.size());
  for (const auto& [product, entry] : written.entries) {
    ASSERT_TRUE(read.entries.contains(product));
    EXPECT_EQ(read.entries.at(product).own_seconds, entry.own_seconds);
    EXPECT_EQ(read.entries.at(product).library_seconds, entry.library_seconds);
    EXPECT_EQ(read.library(product), entry.library);
  }
}

TEST_F(TuningFile, SaysWhatItExpected) {
  EXPECT_THAT(refusal("tuning 1", "tuning 7"), HasSubstr("tuning.json: format 'fedscape tuning 1' expected"));
  EXPECT_THAT(refusal("\"forward\"", "\"sideways\""), HasSubstr("product 1: \"sideways\" is no pass"));
  EXPECT_THAT(refusal("\"tf32\"", "\"bf16\""), HasSubstr("\"bf16\" is no precision"));
  EXPECT_THAT(refusal("\"batch\": 10", "\"batch\": -1"), HasSubstr("batch from 0 to 2^30 expected, found -1"));
  EXPECT_THAT(refusal("\"batch\": 10", "\"batch\": 0"), HasSubstr("a batch of 1 or more expected"));
  EXPECT_THAT(refusal("\"groups\": 2", "\"groups\": 5"), HasSubstr("product 1: convolution: 5 groups"));
  EXPECT_THAT(refusal("\"library\": true", "\"library\": 1"), HasSubstr("library true or false expected"));
  EXPECT_THAT(refusal("\"own_seconds\": 0.002", "\"own_seconds\": -2"), HasSubstr("own_seconds of 0 or more"));
  EXPECT_THAT(refusal("\"batch\": 10", "\"batch\": [[[[[1]]]]]"), HasSubstr("nested deeper"));
  EXPECT_THAT(refusal("{", "["), HasSubstr("a tuning in JSON expected"));
  EXPECT_THAT(refusal("backward_weights", "backward_data"), HasSubstr("it is there twice"));
}

TEST_F(TuningFile, CorruptedCopiesAreReadOrRefused) {
  write_tuning(path(), example());
  const auto copy = folder / "copy.json";
  EXPECT_GT(test::count_refused(path(), copy, test::corruptions(50), [&] { read_tuning(copy); }), 10);
}

}  // namespace
}  // namespace fedscape
