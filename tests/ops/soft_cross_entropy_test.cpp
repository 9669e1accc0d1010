#include <algorithm>
#include <cmath>

#include "fedscape/ops/loss.hpp"
#include "tests/support/devices.hpp"
#include "tests/support/message_of.hpp"

namespace fedscape {
namespace {

constexpr int kModels = 3, kSize = 4, kClasses = 5;
constexpr double kWeight = 0.75;
const std::vector<int> kCounts = {4, 0, 3};
const Shape kShape = {kModels, kSize, kClasses};

/// Loss of one sample in double.
double cross_entropy(const double* z, const float* t) {
  const double peak = *std::max_element(z, z + kClasses);
  double sum = 0, loss = 0;
  for (int c = 0; c < kClasses; ++c) sum += std::exp(z[c] - peak);
  for (int c = 0; c < kClasses; ++c) loss -= t[c] * (z[c] - peak - std::log(sum));
  return loss;
}

class SoftCrossEntropy : public test::OnDevice {
 protected:
  /// What is made of a loss of 1 and a gradient of 2.
  void add(const std::vector<float>& logits, const std::vector<float>& targets) {
    Tensor<float> total = device(std::vector<float>(kModels, 1.0f), {kModels});
    Tensor<float> gradient = device(std::vector<float>(logits.size(), 2.0f), kShape);
    ops::soft_cross_entropy(stream, {kModels, kSize, kCounts}, kWeight, device(logits, kShape), device(targets, kShape),
                            total, gradient);
    loss = host(total), dlogits = host(gradient);
  }
  std::vector<float> loss, dlogits;
};

TEST_P(SoftCrossEntropy, AndItsGradientAreThoseOfDoublePrecisionAndItsDifferences) {
  const auto logits = test::random_floats(kShape.size(), 1, -3, 3),
             targets = test::random_floats(kShape.size(), 2, 0, 1);
  add(logits, targets);
  constexpr double kStep = 1e-4;
  for (int m = 0; m < kModels; ++m) {
    double expected = 1;
    for (int b = 0; b < kCounts[m]; ++b) {
      const int at = (m * kSize + b) * kClasses;
      std::vector<double> z(logits.begin() + at, logits.begin() + at + kClasses);
      expected += kWeight / kCounts[m] * cross_entropy(z.data(), &targets[at]);
      for (int c = 0; c < kClasses; ++c) {
        const double here = z[c];
        z[c] = here + kStep;
        const double above = cross_entropy(z.data(), &targets[at]);
        z[c] = here - kStep;
        const double slope = (above - cross_entropy(z.data(), &targets[at])) / (2 * kStep);
        z[c] = here;
        EXPECT_NEAR(dlogits[at + c], 2 + kWeight / kCounts[m] * slope, 1e-6);  // roundings of floats around 2
      }
    }
    EXPECT_NEAR(loss[m], expected, 3e-6) << m;  // of floats up to 20
  }
}

TEST_P(SoftCrossEntropy, LeavesTheRestOfAPartialBatchAlone) {
  const auto logits = test::random_floats(kShape.size(), 3);
  add(logits, logits);
  EXPECT_EQ(loss[1], 1.0f);
  for (int m = 0; m < kModels; ++m)
    for (int i = (m * kSize + kCounts[m]) * kClasses; i < (m + 1) * kSize * kClasses; ++i) EXPECT_EQ(dlogits[i], 2.0f);
}

TEST_P(SoftCrossEntropy, OfOneHotTargetsIsCrossEntropy) {
  const auto logits = test::random_floats(kShape.size(), 4, -3, 3);
  std::vector<std::int32_t> labels(kModels * kSize);
  std::vector<float> targets(logits.size());
  for (std::size_t i = 0; i < labels.size(); ++i) {
    labels[i] = static_cast<std::int32_t>(i * 3 % kClasses);
    targets[i * kClasses + static_cast<std::size_t>(labels[i])] = 1;
  }
  add(logits, targets);
  Tensor<float> plain(stream, {kModels}), dplain(stream, kShape);
  ops::softmax_cross_entropy(stream, {kModels, kSize, kCounts}, device(logits, kShape),
                             device(labels, {kModels, kSize}), plain, dplain);
  const auto expected = host(plain), gradient = host(dplain);
  for (const int m : {0, 2}) {
    EXPECT_NEAR(loss[m], 1 + kWeight * expected[m], 2e-6);
    for (int i = m * kSize * kClasses; i < (m * kSize + kCounts[m]) * kClasses; ++i)
      EXPECT_NEAR(dlogits[i], 2 + kWeight * gradient[i], 1e-6);
  }
}

TEST_P(SoftCrossEntropy, StaysFiniteForHugeLogits) {
  std::vector<float> logits(kShape.size()), targets(kShape.size(), 0.5f);
  for (std::size_t i = 0; i < logits.size(); i += 2) logits[i] = i % 3 ? 3e4f : -3e4f;
  add(logits, targets);
  for (const float value : loss) EXPECT_TRUE(std::isfinite(value));
  for (const float value : dlogits) EXPECT_TRUE(std::isfinite(value));
}

TEST_P(SoftCrossEntropy, RefusesTargetsOfAnotherShape) {
  Tensor<float> logits(stream, kShape), targets(stream, {kModels, kSize, 1}), total(stream, {kModels});
  EXPECT_NE(test::message_of([&] {
              ops::soft_cross_entropy(stream, {kModels, kSize, kCounts}, 1, logits, targets, total, logits);
            }).find("targets [3,4,1]"),
            std::string::npos);
}

FEDSCAPE_ON_DEVICES(SoftCrossEntropy);

}  // namespace
}  // namespace fedscape
