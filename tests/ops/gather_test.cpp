#include "fedscape/ops/gather.hpp"

#include <map>

#include "kernels/gather.hpp"
#include "tests/support/devices.hpp"

namespace fedscape {
namespace {

constexpr int kSamples = 6, kHeight = 5, kWidth = 7;
constexpr float kUntouched = 1234;

template <class T>
std::vector<T> some_samples(int channels) {
  std::vector<T> samples(static_cast<std::size_t>(kSamples * kHeight * kWidth * channels));
  for (std::size_t i = 0; i < samples.size(); ++i) samples[i] = static_cast<T>((i * 37 + 11) % 256);
  return samples;
}

class GatherOp : public test::OnDevice {
 protected:
  /// Gathers `indices` and compares with the definition, pixel by pixel.
  template <class T>
  void expect_definition(int channels, const ops::Augment& augment, const std::vector<RngKey>& keys) {
    const auto samples = some_samples<T>(channels);
    const std::vector<std::int32_t> labels = {0, 10, 20, 30, 40, 50}, indices = {5, 0, 5, 2, -1, 3, 1, 4, -1, -1};
    const std::vector<int> counts = {4, 3};
    std::vector<float> mean, deviation;
    for (int c = 0; c < channels; ++c) mean.push_back(0.1f * (c + 1)), deviation.push_back(0.3f + 0.1f * c);
    const Tensor<float> x =
        device(std::vector<float>(10 * kHeight * kWidth * channels, kUntouched), {2, 5, kHeight, kWidth, channels});
    const Tensor<std::int32_t> y = device(std::vector<std::int32_t>(10, -7), {2, 5});
    const Tensor<T> all = device(samples, {kSamples, kHeight, kWidth, channels});
    const Tensor<std::int32_t> all_labels = device(labels, {kSamples});
    ops::gather(stream, {2, 5, counts}, View<const T>(all), all_labels, indices, mean, deviation, augment, keys, x, y);
    EXPECT_EQ(host(y), (std::vector<std::int32_t>{50, 0, 50, 20, -7, 30, 10, 40, -7, -7}));
    const auto out = host(x);
    for (int i = 0; i < 10; ++i) {
      const kernels::Crop crop = keys.empty() ? kernels::Crop{} : kernels::crop_of(augment, keys[i]);
      for (int at = 0; at < kHeight * kWidth * channels; ++at) {
        if (indices[i] < 0) {
          ASSERT_EQ(out[i * kHeight * kWidth * channels + at], kUntouched);
          continue;
        }
        const int c = at % channels, column = at / channels % kWidth, row = at / channels / kWidth + crop.down;
        const int from = (crop.flip ? kWidth - 1 - column : column) + crop.right;
        const bool inside = row >= 0 && row < kHeight && from >= 0 && from < kWidth;
        const int pixel = inside ? ((indices[i] * kHeight + row) * kWidth + from) * channels + c : 0;
        const float unit = sizeof(T) == 1 ? samples[pixel] / 255.0f : samples[pixel];
        ASSERT_FLOAT_EQ(out[i * kHeight * kWidth * channels + at], inside ? (unit - mean[c]) / deviation[c] : 0);
      }
    }
  }
};

std::vector<RngKey> some_keys(std::uint32_t round) {
  std::vector<RngKey> keys;
  for (std::uint32_t i = 0; i < 10; ++i) keys.push_back({.seed = 4, .client = i, .round = round});
  return keys;
}

TEST_P(GatherOp, NormalisesBytesAndFloats) {
  expect_definition<std::uint8_t>(1, {}, {});
  expect_definition<std::uint8_t>(3, {}, {});
  expect_definition<float>(2, {}, {});
}

TEST_P(GatherOp, CropsAndFlipsEachSampleByItsKey) {
  for (std::uint32_t round = 0; round < 20; ++round) {
    expect_definition<std::uint8_t>(3, {.pad = 2, .flip = true}, some_keys(round));
    expect_definition<float>(1, {.pad = 5, .flip = false}, some_keys(round));
  }
}

TEST_P(GatherOp, WithoutKeysDoesNotAugment) { expect_definition<std::uint8_t>(1, {.pad = 2, .flip = true}, {}); }

TEST(Crop, TakesEveryPlaceAboutEquallyOften) {
  std::map<std::pair<int, int>, int> places;
  int flips = 0;
  const std::uint32_t draws = 25 * 400;
  for (std::uint32_t i = 0; i < draws; ++i) {
    const kernels::Crop crop = kernels::crop_of({.pad = 2, .flip = true}, {.seed = 5, .client = i});
    ++places[{crop.down, crop.right}];
    flips += crop.flip;
  }
  EXPECT_EQ(places.size(), 25u);
  for (const auto& [place, times] : places) EXPECT_NEAR(times, 400, 5 * 20);  // five standard deviations
  EXPECT_NEAR(flips, draws / 2, 5 * 50);
}

TEST_P(GatherOp, RefusesIndicesOutsideTheData) {
  const Tensor<float> samples(stream, {2, 1, 1, 1});
  const Tensor<std::int32_t> labels(stream, {2});
  Tensor<float> x(stream, {1, 1, 1, 1, 1});
  Tensor<std::int32_t> y(stream, {1, 1});
  const std::vector<int> one = {1};
  for (const std::int32_t index : {-1, 2}) {
    const std::vector<std::int32_t> indices = {index};
    EXPECT_THROW(ops::gather(stream, {1, 1, one}, View<const float>(samples), labels, indices, std::vector{0.0f},
                             std::vector{1.0f}, {}, {}, x, y),
                 Error);
  }
}

FEDSCAPE_ON_DEVICES(GatherOp);

}  // namespace
}  // namespace fedscape
