#include "fedscape/data/dataset.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "fedscape/base/check.hpp"
#include "tests/support/devices.hpp"
#include "tests/support/message_of.hpp"

namespace fedscape {
namespace {

using test::message_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Bytes = std::vector<std::uint8_t>;
using Labels = std::vector<std::int32_t>;

class Gathered : public test::OnDevice {};

TEST_P(Gathered, SamplesAreNormalisedAndLabelled) {
  Dataset data("made up", {1, 2, 2}, 3, Bytes{0, 51, 102, 255, 255, 0, 51, 51}, Labels{2, 1});
  data.mean = {0.2f, 0.0f};
  data.deviation = {0.5f, 2.0f};
  const Tensor<float> x(stream, {2, 1, 2, 2});
  const Tensor<std::int32_t> y(stream, {2});
  data.gather(stream, Labels{1, 0}, {}, {}, x, y);
  const std::vector<float> expected = {1.6f, 0.0f, 0.0f, 0.1f, -0.4f, 0.1f, 0.4f, 0.5f};  // (byte/255 - mean)/deviation
  EXPECT_THAT(host(x), ::testing::Pointwise(::testing::FloatNear(1e-6f), expected));
  EXPECT_THAT(host(y), ElementsAre(1, 2));
}

TEST_P(Gathered, FloatsStayAsTheyAre) {
  const Dataset data("made up", {1, 1, 2}, 2, std::vector<float>{1.5f, -2, 3, 1e9f}, Labels{0, 1});
  data.settle(stream);
  const Tensor<float> x(stream, {1, 1, 1, 2});
  const Tensor<std::int32_t> y(stream, {1});
  data.gather(stream, Labels{1}, {}, {}, x, y);
  EXPECT_THAT(host(x), ElementsAre(3, 1e9f));
}

TEST_P(Gathered, OtherSamplesInTheSamePlaceAreSeen) {
  const Dataset data("made up", {1, 1, 1}, 2, std::vector<float>{1, 2}, Labels{0, 1});
  const auto others = std::make_shared<const std::vector<float>>(std::vector<float>{3, 4});
  data.settle(stream);
  const Dataset moved = data.with_samples({others, others->data()});
  const Tensor<float> x(stream, {2, 1, 1, 1});
  const Tensor<std::int32_t> y(stream, {2});
  moved.gather(stream, Labels{1, 0}, {}, {}, x, y);
  EXPECT_THAT(host(x), ElementsAre(4, 3));
}

FEDSCAPE_ON_DEVICES(Gathered);

TEST(Dataset, RefusesWhatDoesNotFit) {
  const auto error = [](Shape shape, int classes, Bytes samples, Labels labels) {
    return message_of([&] { Dataset("here.bin", shape, classes, samples, labels); });
  };
  EXPECT_EQ(error({1, 1, 2}, 2, {1, 2, 3}, {0, 1}), "here.bin: 3 values for 2 samples of shape [1,1,2], expected 4");
  EXPECT_EQ(error({1, 1, 2}, 2, {1, 2, 3, 4}, {0, 2}), "here.bin: label 2 of sample 1, expected 0 to 1");
  EXPECT_EQ(error({1, 1, 2}, 2, {1, 2, 3, 4}, {-1, 1}), "here.bin: label -1 of sample 0, expected 0 to 1");
  EXPECT_THAT(error({4}, 2, {1, 2, 3, 4}, {0}), HasSubstr("expected [y,x,channels]"));
  EXPECT_THAT(error({1, 0, 1}, 2, {}, {0}), HasSubstr("expected [y,x,channels]"));
  EXPECT_THAT(error({1 << 30, 1 << 30, 8}, 2, {}, {0}), HasSubstr("fewer than 2^48 values"));
  EXPECT_EQ(error({1, 1, 1}, 2, {}, {}), "here.bin: no samples");
  EXPECT_EQ(error({1, 1, 1}, 0, {1}, {0}), "here.bin: 0 classes");
}

TEST(Dataset, RefusesFloatsThatAreNotFinite) {
  const std::vector<float> samples = {1, 2, std::numeric_limits<float>::quiet_NaN(), 4};
  EXPECT_EQ(message_of([&] {
              Dataset("x.h5", {1, 1, 2}, 2, samples, Labels{0, 1});
            }),
            "x.h5: sample 1 holds nan, expected finite values");
}

TEST(Dataset, ItsHashSeesShapeSamplesAndLabels) {
  const auto hash = [](Shape shape, Bytes samples, Labels labels) {
    return Dataset("", shape, 3, samples, labels).hash();
  };
  const std::uint64_t base = hash({1, 2, 1}, {1, 2, 3, 4}, {0, 1});
  EXPECT_EQ(base, hash({1, 2, 1}, {1, 2, 3, 4}, {0, 1}));
  EXPECT_NE(base, hash({2, 1, 1}, {1, 2, 3, 4}, {0, 1}));
  EXPECT_NE(base, hash({1, 2, 1}, {1, 2, 3, 5}, {0, 1}));
  EXPECT_NE(base, hash({1, 2, 1}, {1, 2, 3, 4}, {0, 2}));
}

TEST(Dataset, CopiesShareTheirSamples) {
  const Dataset data("", {1, 1, 2}, 2, Bytes{1, 2, 3, 4}, Labels{0, 1});
  const Dataset copy = data;
  EXPECT_EQ(copy.samples(), data.samples());
  const auto window = std::make_shared<const Bytes>(Bytes{1, 2, 3, 4});
  const Dataset moved = data.with_samples({window, window->data()});
  EXPECT_EQ(moved.samples(), window->data());
  EXPECT_EQ(moved.hash(), data.hash());
}

}  // namespace
}  // namespace fedscape
