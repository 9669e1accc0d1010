#include "kernels/cuda/gather.hpp"

#include "tests/kernels/bodies.hpp"

namespace fedscape {
namespace {

constexpr int kHeight = 17, kWidth = 19, kChannels = 3, kSamples = 4;  // more pixels than a block has threads

template <class T>
void expect_same(const std::vector<T>& samples, const ops::Augment& augment, const RngKey* keys) {
  Stream stream;
  const std::vector<std::int32_t> labels = {3, 1, 4, 1}, indices = {2, 0, 2, 3, 1, 0};
  const std::vector<int> counts = {3, 2};
  const std::vector<float> mean = {0.5f, 0.25f, 0.125f}, deviation = {0.3f, 0.2f, 0.1f};
  const kernels::Gather gather{.models = 2,
                               .size = 3,
                               .counts = counts.data(),
                               .height = kHeight,
                               .width = kWidth,
                               .channels = kChannels,
                               .labels = labels.data(),
                               .indices = indices.data(),
                               .mean = mean.data(),
                               .deviation = deviation.data(),
                               .augment = augment,
                               .keys = keys};
  FEDSCAPE_BODIES(stream, gather).expect_same([&](auto body) {
    std::vector<float> x(indices.size() * kHeight * kWidth * kChannels, 7);
    std::vector<std::int32_t> y(indices.size(), 7);
    body(gather, samples.data(), x.data(), y.data());
    for (const std::int32_t label : y) x.push_back(static_cast<float>(label));
    return x;
  });
}

template <class T>
void expect_same_augmented(const std::vector<T>& samples) {
  std::vector<RngKey> keys;
  for (std::uint32_t i = 0; i < 6; ++i) keys.push_back({.seed = 3, .client = i});
  expect_same(samples, {}, nullptr);
  for (const bool flip : {false, true})
    for (const int pad : {0, 4}) expect_same(samples, {.pad = pad, .flip = flip}, keys.data());
}

TEST(GatherOnGrid, BytesAndFloatsHaveTheSameBitsAugmentedOrNot) {
  const std::vector<float> samples = test::random_floats(kSamples * kHeight * kWidth * kChannels, 1, 0, 1);
  std::vector<std::uint8_t> bytes;
  for (const float x : samples) bytes.push_back(static_cast<std::uint8_t>(255 * x));
  expect_same_augmented(samples);
  expect_same_augmented(bytes);
}

}  // namespace
}  // namespace fedscape
