#include "fedscape/ops/activation.hpp"

#include <cmath>
#include <limits>

#include "tests/support/devices.hpp"

namespace fedscape {
namespace {

constexpr int kModels = 3, kSize = 4;
const std::vector<int> kCounts = {4, 0, 3};
const Batch kBatch = {kModels, kSize, kCounts};

/// Calls f(m, i, shared i) for every element i of a real sample, samples having n elements.
template <class F>
void for_each_real(std::int64_t n, F&& f) {
  for (int m = 0; m < kModels; ++m)
    for (std::int64_t i = 0; i < kCounts[static_cast<std::size_t>(m)] * n; ++i) f(m, m * kSize * n + i, i);
}

class Activation : public test::OnDevice {};

TEST_P(Activation, LeakyReluScalesNegativeValuesAndTheirGradients) {
  const auto x = test::random_floats(kModels * kSize * 15, 1), dy = test::random_floats(kModels * kSize * 15, 2);
  const Shape shape = {kModels, kSize, 3, 5};
  Tensor<float> y(stream, shape), dx(stream, shape);
  ops::leaky_relu_forward(stream, kBatch, 0.1f, device(x, shape), y);
  ops::leaky_relu_backward(stream, kBatch, 0.1f, y, device(dy, shape), dx);
  const auto out = host(y), gradient = host(dx);
  for_each_real(15, [&](int, std::int64_t i, std::int64_t) {
    EXPECT_EQ(out[i], x[i] > 0 ? x[i] : 0.1f * x[i]);
    EXPECT_EQ(gradient[i], x[i] > 0 ? dy[i] : 0.1f * dy[i]);
  });
}

TEST_P(Activation, ReluReadsAnInputThatModelsShareAndPassesNanOn) {
  auto x = test::random_floats(kSize * 7, 3);
  x[8] = std::numeric_limits<float>::quiet_NaN();
  Tensor<float> y(stream, {kModels, kSize, 7});
  ops::leaky_relu_forward(stream, kBatch, 0, device(x, {1, kSize, 7}), y);
  const auto out = host(y);
  for_each_real(7, [&](int, std::int64_t i, std::int64_t shared) {
    if (shared == 8)
      EXPECT_TRUE(std::isnan(out[i]));
    else
      EXPECT_EQ(out[i], x[shared] > 0 ? x[shared] : 0);
  });
}

TEST_P(Activation, DropoutFollowsTheKeysOfEachModel) {
  const std::int64_t n = 13;
  const auto x = test::random_floats(kModels * kSize * n, 4);
  std::vector<RngKey> keys;
  for (std::uint32_t m = 0; m < kModels; ++m) keys.push_back({.seed = 3, .client = m});
  const Shape shape = {kModels, kSize, n};
  Tensor<float> y = device(x, shape);
  ops::dropout(stream, kBatch, 0.3f, Purpose::dropout, keys, y, y);
  for (RngKey& key : keys) key.purpose = Purpose::dropout;
  const auto out = host(y);
  for_each_real(n, [&](int m, std::int64_t i, std::int64_t position) {
    const bool kept = uniform(keys[static_cast<std::size_t>(m)], static_cast<std::uint64_t>(position)) >= 0.3f;
    EXPECT_FLOAT_EQ(out[i], kept ? x[i] / 0.7f : 0.0f);
  });
}

TEST_P(Activation, DropoutKeepsWhatIsNotBelowItsProbabilityWhateverTheLength) {
  const RngKey key{.seed = 9, .purpose = Purpose::dropout, .client = 4, .round = 2, .step = 1};
  for (const std::int64_t n : {1, 31, 32, 33, 95})
    for (const float p : {0.0f, 1e-30f, uniform(key, 0), 0.5f, 1 - 0x1p-24f}) {
      const auto x = test::random_floats(n, 4);
      const int count = 1;
      Tensor<float> y(stream, {1, 1, n});
      ops::dropout(stream, {1, 1, {&count, 1}}, p, Purpose::dropout, {&key, 1}, device(x, {1, 1, n}), y);
      const auto out = host(y);
      for (std::int64_t i = 0; i < n; ++i) {
        const bool kept = uniform(key, static_cast<std::uint64_t>(i)) >= p;
        EXPECT_EQ(out[i], kept ? x[i] * (1 / (1 - p)) : 0.0f) << i << " of " << n << " at " << p;
      }
    }
}

TEST_P(Activation, AddTakesSharedAndOwnInputs) {
  const auto a = test::random_floats(kSize * 5, 5), b = test::random_floats(kModels * kSize * 5, 6);
  Tensor<float> y = device(b, {kModels, kSize, 5});
  ops::add(stream, kBatch, device(a, {1, kSize, 5}), y, y);
  const auto out = host(y);
  for_each_real(5, [&](int, std::int64_t i, std::int64_t shared) { EXPECT_EQ(out[i], a[shared] + b[i]); });
}

TEST_P(Activation, CopyChannelsTouchesNothingBesideThem) {
  const auto from = test::random_floats(kModels * kSize * 6 * 3, 7),
             to = test::random_floats(kModels * kSize * 6 * 5, 8);
  Tensor<float> target = device(to, {kModels, kSize, 2, 3, 5});
  ops::copy_channels(stream, kBatch, device(from, {kModels, kSize, 2, 3, 3}), 1, target, 2, 2);
  const auto out = host(target);
  for_each_real(6 * 5, [&](int, std::int64_t i, std::int64_t) {
    const std::int64_t position = i / 5, channel = i % 5;
    EXPECT_EQ(out[i], channel == 2 || channel == 3 ? from[position * 3 + channel - 1] : to[i]);
  });
}

TEST_P(Activation, RefusesWhatDoesNotFit) {
  const Tensor<float> x(stream, {kModels, kSize, 5});
  Tensor<float> y(stream, {kModels, kSize, 6});
  EXPECT_THROW(ops::leaky_relu_forward(stream, kBatch, 0, x, y), Error);
  EXPECT_THROW(ops::copy_channels(stream, kBatch, x, 3, y, 0, 3), Error);
  const std::vector<int> too_many = {4, 5, 3};
  EXPECT_THROW(ops::add(stream, {kModels, kSize, too_many}, y, y, y), Error);
}

FEDSCAPE_ON_DEVICES(Activation);

}  // namespace
}  // namespace fedscape
