#include "fedscape/ops/channel_map.hpp"

#include "tests/support/devices.hpp"

namespace fedscape {
namespace {

constexpr int kModels = 3, kSize = 4, kPositions = 6, kChannels = 5;
const std::vector<int> kCounts = {4, 0, 3};
const Batch kBatch = {kModels, kSize, kCounts};
const Shape kShape = {kModels, kSize, 2, 3, kChannels};
const std::vector<float> kScale = {0.5f, -1, 2, 1.25f, 0}, kShift = {1, 0, -3, 0.25f, 7};

/// Calls f(i, shared i, channel) for every element i of a real sample.
template <class F>
void for_each_real(F&& f) {
  constexpr std::int64_t kSample = kPositions * kChannels;
  for (int m = 0; m < kModels; ++m)
    for (std::int64_t i = 0; i < kCounts[static_cast<std::size_t>(m)] * kSample; ++i)
      f(static_cast<std::size_t>(m * kSize * kSample + i), static_cast<std::size_t>(i),
        static_cast<std::size_t>(i % kChannels));
}

class ChannelMap : public test::OnDevice {};

TEST_P(ChannelMap, ScalesThenShiftsEachChannelAndMayWorkInPlace) {
  const auto x = test::random_floats(kShape.size(), 1);
  Tensor<float> y = device(x, kShape);
  ops::map_channels(stream, kBatch, {kScale, kShift}, y, y);
  const auto out = host(y);
  for_each_real(
      [&](std::size_t i, std::size_t, std::size_t c) { EXPECT_FLOAT_EQ(out[i], kScale[c] * x[i] + kShift[c]); });
}

TEST_P(ChannelMap, RoundsOnceWhereItOnlyScalesOrShifts) {
  const auto x = test::random_floats(kSize * kPositions * kChannels, 2);
  const Tensor<float> shared = device(x, {1, kSize, 2, 3, kChannels});
  Tensor<float> scaled(stream, kShape), shifted(stream, kShape), same(stream, kShape);
  ops::map_channels(stream, kBatch, {.scale = kScale, .shift = {}}, shared, scaled);
  ops::map_channels(stream, kBatch, {.scale = {}, .shift = kShift}, shared, shifted);
  ops::map_channels(stream, kBatch, {}, shared, same);
  const auto products = host(scaled), sums = host(shifted), copies = host(same);
  for_each_real([&](std::size_t i, std::size_t j, std::size_t c) {
    EXPECT_EQ(products[i], kScale[c] * x[j]);
    EXPECT_EQ(sums[i], x[j] + kShift[c]);
    EXPECT_EQ(copies[i], x[j]);
  });
}

TEST_P(ChannelMap, RefusesNumbersForOtherChannels) {
  Tensor<float> y(stream, kShape);
  EXPECT_THROW(ops::map_channels(stream, kBatch, {.scale = std::span(kScale).first(4), .shift = {}}, y, y), Error);
  EXPECT_THROW(ops::map_channels(stream, kBatch, {.scale = {}, .shift = std::span(kShift).first(1)}, y, y), Error);
}

FEDSCAPE_ON_DEVICES(ChannelMap);

}  // namespace
}  // namespace fedscape
