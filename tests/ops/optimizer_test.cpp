#include "fedscape/ops/optimizer.hpp"

#include <cmath>
#include <limits>

#include "tests/support/devices.hpp"

namespace fedscape {
namespace {

constexpr int kModels = 3, kActive = 2;
constexpr std::int64_t kParams = 40, kFirst = 7, kLength = 21;  // a run inside each row

class OptimizerOp : public test::OnDevice {
 protected:
  /// Three SGD steps on the op's run, against `oracle(weights, velocity, gradient, first)` in double on every element.
  template <class Oracle>
  void expect_sgd(ops::Sgd rates, Oracle&& oracle) {
    const auto start = test::random_floats(kModels * kParams, 1);
    std::vector<double> w(start.begin(), start.end()), v(start.size(), 0.0);
    Tensor<float> params = device(start, {kModels, kParams});
    Tensor<float> velocity = device(std::vector<float>(start.size(), 99.0f), {kModels, kParams});
    for (std::uint32_t step = 0; step < 3; ++step) {
      const auto g = test::random_floats(kModels * kParams, 2 + step);
      const Tensor<float> grads = device(g, {kModels, kParams});
      rates.first = step == 0;
      ops::sgd(stream, rates, kActive, kLength, slot(View<const float>(grads), kFirst), slot(params.view(), kFirst),
               slot(velocity.view(), kFirst));
      for (int m = 0; m < kActive; ++m)
        for (std::int64_t i = m * kParams + kFirst; i < m * kParams + kFirst + kLength; ++i)
          oracle(w[i], v[i], double(g[i]), rates.first);
    }
    const auto result = host(params);  // everything outside the run must be as it was
    for (std::size_t i = 0; i < w.size(); ++i) ASSERT_NEAR(result[i], w[i], 1e-6) << i;
  }
};

TEST_P(OptimizerOp, PlainSgdWithWeightDecayStepsItsRunOnly) {
  expect_sgd({.lr = 0.1f, .weight_decay = 0.01f},
             [](double& w, double&, double g, bool) { w -= 0.1f * (g + 0.01f * w); });
}

TEST_P(OptimizerOp, MomentumStartsAtTheFirstGradient) {
  expect_sgd({.lr = 0.1f, .momentum = 0.9f, .weight_decay = 0.01f}, [](double& w, double& v, double g, bool first) {
    g += 0.01f * w;
    v = first ? g : 0.9f * v + g;
    w -= 0.1f * v;
  });
}

TEST_P(OptimizerOp, NesterovLooksAhead) {
  expect_sgd({.lr = 0.1f, .momentum = 0.9f, .nesterov = true}, [](double& w, double& v, double g, bool first) {
    v = first ? g : 0.9f * v + g;
    w -= 0.1f * (g + 0.9f * v);
  });
}

/// Adam as in the paper, in double: bias-corrected moments first.
void adam_in_double(const ops::Adam& a, double g, double& w, double& m, double& v) {
  if (a.decoupled)
    w -= double(a.lr) * a.weight_decay * w;
  else
    g += double(a.weight_decay) * w;
  m = a.beta1 * m + (1 - double(a.beta1)) * g;
  v = a.beta2 * v + (1 - double(a.beta2)) * g * g;
  const double mean = m / (1 - std::pow(double(a.beta1), a.step)), square = v / (1 - std::pow(double(a.beta2), a.step));
  w -= a.lr * mean / (std::sqrt(square) + a.eps);
}

TEST_P(OptimizerOp, AdamAndAdamWMatchDoublePrecision) {
  for (const bool decoupled : {false, true}) {
    const auto start = test::random_floats(kModels * kParams, 1);
    std::vector<double> w(start.begin(), start.end()), m(start.size()), v(start.size());
    Tensor<float> params = device(start, {kModels, kParams});
    Tensor<float> first = device(std::vector<float>(start.size()), {kModels, kParams});
    Tensor<float> second = device(std::vector<float>(start.size()), {kModels, kParams});
    for (int step = 1; step <= 4; ++step) {
      const ops::Adam rates = {.lr = 0.01f, .weight_decay = 0.1f, .decoupled = decoupled, .step = step};
      const auto g = test::random_floats(kModels * kParams, static_cast<std::uint32_t>(step));
      const Tensor<float> grads = device(g, {kModels, kParams});
      ops::adam(stream, ops::rates_of(rates), kActive, kLength, slot(View<const float>(grads), kFirst),
                slot(params.view(), kFirst), slot(first.view(), kFirst), slot(second.view(), kFirst));
      for (int row = 0; row < kActive; ++row)
        for (std::int64_t i = row * kParams + kFirst; i < row * kParams + kFirst + kLength; ++i)
          adam_in_double(rates, g[i], w[i], m[i], v[i]);
    }
    const auto result = host(params);
    for (std::size_t i = 0; i < w.size(); ++i) ASSERT_NEAR(result[i], w[i], 2e-6) << decoupled << " " << i;
  }
}

TEST_P(OptimizerOp, ClippingScalesLongRowsAndLeavesShortOnes) {
  std::vector<float> rows(3 * 100, 0.01f);                                   // norm 0.1
  for (int i = 100; i < 300; ++i) rows[static_cast<std::size_t>(i)] = 1.0f;  // norm 10
  Tensor<float> grads = device(rows, {3, 100});
  ops::clip_rows(stream, 2.0f, 2, grads);
  const auto clipped = host(grads);
  EXPECT_EQ(clipped[5], 0.01f);
  for (int i = 100; i < 200; ++i) EXPECT_FLOAT_EQ(clipped[static_cast<std::size_t>(i)], 2.0f / (10.0f + 1e-6f));
  EXPECT_EQ(clipped[200], 1.0f);  // not active
}

TEST_P(OptimizerOp, ClippingLeavesANanToBeSeen) {
  std::vector<float> row(50, 100.0f);
  row[30] = std::numeric_limits<float>::quiet_NaN();
  Tensor<float> grads = device(row, {1, 50});
  ops::clip_rows(stream, 1.0f, 1, grads);
  EXPECT_TRUE(std::isnan(host(grads)[30]));
}

TEST_P(OptimizerOp, AscentGoesAsFarAsToldAlongEveryRow) {
  std::vector<float> rows(2 * 100, 0.01f);
  for (int i = 100; i < 200; ++i) rows[static_cast<std::size_t>(i)] = -3.0f;
  Tensor<float> point = device(std::vector<float>(200, 1.0f), {2, 100});
  ops::ascend_rows(stream, 0.5f, device(rows, {2, 100}), point);
  const auto moved = host(point);
  for (std::size_t i = 0; i < 200; ++i) EXPECT_FLOAT_EQ(moved[i], i < 100 ? 1.05f : 0.95f);  // 0.5 / sqrt(100) each
}

TEST_P(OptimizerOp, AscentAlongNothingStays) {
  Tensor<float> point = device(std::vector<float>(50, 2.0f), {1, 50});
  ops::ascend_rows(stream, 1.0f, device(std::vector<float>(50), {1, 50}), point);
  EXPECT_EQ(host(point), std::vector<float>(50, 2.0f));
}

FEDSCAPE_ON_DEVICES(OptimizerOp);

}  // namespace
}  // namespace fedscape
