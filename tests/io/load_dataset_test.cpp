#include "fedscape/io/load_dataset.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/files.hpp"
#include "tests/support/message_of.hpp"
#include "tests/support/temp_folder.hpp"

namespace fedscape {
namespace {

using test::Bytes;
using test::message_of;
using ::testing::ElementsAre;
using ::testing::FloatEq;
using ::testing::HasSubstr;

TEST(Normalisation, IsMeanAndDeviationOfEachChannel) {
  const Dataset bytes("", {1, 2, 2}, 1, Bytes{0, 7, 255, 7, 255, 7, 0, 7}, {0, 0});
  EXPECT_THAT(statistics_of(bytes).mean, ElementsAre(FloatEq(0.5f), FloatEq(7 / 255.0f)));
  EXPECT_THAT(statistics_of(bytes).deviation, ElementsAre(FloatEq(0.5f), 1.0f));  // the second channel is constant
  const Dataset floats("", {1, 1, 1}, 1, std::vector<float>{-1, 3}, {0, 0});
  EXPECT_THAT(statistics_of(floats).mean, ElementsAre(1));
  EXPECT_THAT(statistics_of(floats).deviation, ElementsAre(2));
}

TEST(Normalisation, IsReadFromNumbers) {
  const Normalisation each = parse_normalisation("0.5,0.25;2,4", 2);
  EXPECT_THAT(each.mean, ElementsAre(0.5f, 0.25f));
  EXPECT_THAT(each.deviation, ElementsAre(2, 4));
  EXPECT_THAT(parse_normalisation("0.5;2", 3).deviation, ElementsAre(2, 2, 2));
}

TEST(Normalisation, RefusesWhatAreNotTheNumbers) {
  const auto error = [](const std::string& text) { return message_of([&] { parse_normalisation(text, 3); }); };
  EXPECT_THAT(error("trane"), HasSubstr("expected default, none, train or 'mean;deviation'"));
  EXPECT_THAT(error("1,x,3;1"), HasSubstr("'x' in"));
  EXPECT_THAT(error("1,2;1"), HasSubstr("2 numbers in"));
  EXPECT_THAT(error(";"), HasSubstr("0 numbers in"));
  EXPECT_THAT(error("0;0"), HasSubstr("a deviation of 0"));
  EXPECT_THAT(error("nan;1"), HasSubstr("'nan'"));
}

/// A folder of two IDX splits: train pixels 0 and 255, test pixels 51.
class LoadDataset : public ::testing::Test {
 protected:
  LoadDataset() {
    test::write_file(folder_ / "train-images-idx3-ubyte",
                     Bytes{0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 0, 255});
    test::write_file(folder_ / "train-labels-idx1-ubyte", Bytes{0, 0, 8, 1, 0, 0, 0, 2, 4, 0});
    test::write_file(folder_ / "t10k-images-idx3-ubyte", Bytes{0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 51});
    test::write_file(folder_ / "t10k-labels-idx1-ubyte", Bytes{0, 0, 8, 1, 0, 0, 0, 1, 2});
    options_.data = "idx";
    options_.data_path = folder_ / "";
  }
  test::TempFolder folder_;
  DataOptions options_;
};

TEST_F(LoadDataset, TheTestSplitHasTheNumbersAndClassesOfTheTrainSplit) {
  const Dataset data = load_dataset(options_, Split::test);
  EXPECT_EQ(data.classes(), 5);
  EXPECT_THAT(data.mean, ElementsAre(FloatEq(0.5f)));
  EXPECT_THAT(data.deviation, ElementsAre(FloatEq(0.5f)));
}

TEST_F(LoadDataset, NormalisationCanBeNumbersOrNone) {
  options_.normalize = "0.25;0.5";
  EXPECT_THAT(load_dataset(options_, Split::test).mean, ElementsAre(0.25f));
  options_.normalize = "none";
  EXPECT_THAT(load_dataset(options_, Split::test).deviation, ElementsAre(1));
}

TEST_F(LoadDataset, ALabelThatTheTrainSplitDoesNotHaveIsRefused) {
  test::write_file(folder_ / "t10k-labels-idx1-ubyte", Bytes{0, 0, 8, 1, 0, 0, 0, 1, 5});
  EXPECT_THAT(message_of([&] { load_dataset(options_, Split::test); }), HasSubstr("label 5, expected 0 to 4"));
}

TEST_F(LoadDataset, UnknownKindsAndMissingPathsAreRefused) {
  options_.data = "cifra10";
  EXPECT_EQ(message_of([&] { load_dataset(options_, Split::test); }),
            "no kind of data is named 'cifra10'; did you mean 'cifar10'?");
  options_.data = "cifar10";
  options_.data_path = "";
  EXPECT_THAT(message_of([&] { load_dataset(options_, Split::test); }), HasSubstr("data_path must say where it lies"));
}

TEST(LoadGenerated, EveryGeneratorHasBothSplits) {
  for (const char* kind : {"gaussian", "images"}) {
    DataOptions options;
    options.data = kind;
    options.synthetic.train_samples = 40;
    options.synthetic.test_samples = 30;
    EXPECT_EQ(load_dataset(options, Split::train).size(), 40);
    EXPECT_EQ(load_dataset(options, Split::test).size(), 30);
  }
}

TEST(LoadFashionMnist, HasItsKnownStatistics) {
  const Dataset data = load_dataset({}, Split::train);
  EXPECT_EQ(data.size(), 60000);
  EXPECT_NEAR(data.mean[0], 0.2860, 5e-5);  // as is widely quoted, to four places
  EXPECT_NEAR(data.deviation[0], 0.3530, 5e-5);
  EXPECT_EQ(data.class_names.size(), 10u);
}

}  // namespace
}  // namespace fedscape
