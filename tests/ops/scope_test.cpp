#include "fedscape/ops/scope.hpp"

#include <cmath>
#include <functional>

#include "tests/support/devices.hpp"

namespace fedscape {
namespace {

using ops::ScopeDivergence;
using ops::ScopeFusion;

constexpr int kModels = 3;
constexpr std::int64_t kParams = 50, kFirst = 7, kLength = 37;  // a layer inside each row

/// The divergence of a layer from a target, in double.
double divergence_of(ScopeDivergence direction, const std::vector<double>& w, double target_mean, double target) {
  double mean = 0, variance = 0;
  for (const double x : w) mean += x / static_cast<double>(w.size());
  for (const double x : w) variance += (x - mean) * (x - mean) / static_cast<double>(w.size());
  const double gap = (mean - target_mean) * (mean - target_mean), square = target * target;
  return direction == ScopeDivergence::current_target
             ? std::log(target / std::sqrt(variance)) + (variance + gap) / (2 * square) - 0.5
             : std::log(std::sqrt(variance) / target) + (square + gap) / (2 * variance) - 0.5;
}

/// df/dx at each x by fourth-order central differences.
std::vector<double> differences(std::vector<double> x, const std::function<double(const std::vector<double>&)>& f) {
  std::vector<double> slopes;
  for (double& moved : x) {
    const double at = moved, h = 1e-3;
    const auto value = [&](double shift) {
      moved = at + shift;
      return f(x);
    };
    slopes.push_back((8 * (value(h) - value(-h)) - (value(2 * h) - value(-2 * h))) / (12 * h));
    moved = at;
  }
  return slopes;
}

class ScopeOp : public test::OnDevice {
 protected:
  /// Terms of a model for each of these scopes (mean, deviation): two weights have one.
  std::vector<float> terms_of(ScopeFusion fusion, const std::vector<std::pair<float, float>>& scopes) {
    std::vector<float> weights;
    for (const auto& [mean, deviation] : scopes) weights.insert(weights.end(), {mean - deviation, mean + deviation});
    const auto models = static_cast<std::int64_t>(scopes.size());
    const Tensor<float> w = device(weights, {models, 2});
    Tensor<float> terms(stream, {models, 2});
    ops::scope_terms(stream, fusion, 2, slot(w.view(), 0), slot(terms.view(), 0), models);
    return host(terms);
  }
  /// The fusion of two scopes with weights 1/4 and 3/4.
  std::vector<float> fused(ScopeFusion fusion, std::pair<float, float> a, std::pair<float, float> b) {
    const std::vector<float> terms = terms_of(fusion, {a, b});
    const Tensor<float> sums =
        device(std::vector<float>{terms[0] / 4 + terms[2] * 3 / 4, terms[1] / 4 + terms[3] * 3 / 4}, {1, 2});
    Tensor<float> scope(stream, {1, 2});
    ops::fused_scopes(stream, fusion, sums, scope);
    return host(scope);
  }
};

TEST_P(ScopeOp, FusionsHaveTheirClosedForms) {
  const std::pair<float, float> a{1, 2}, b{3, 4};
  const auto expect = [&](ScopeFusion fusion, double mean, double deviation) {
    const std::vector<float> scope = fused(fusion, a, b);
    EXPECT_NEAR(scope[0], mean, 1e-6);  // a few roundings of numbers below 20
    EXPECT_NEAR(scope[1], deviation, 1e-6);
  };
  expect(ScopeFusion::mean, 2.5, 3.5);
  expect(ScopeFusion::mixture, 2.5, std::sqrt(5.0 / 4 + 25.0 * 3 / 4 - 2.5 * 2.5));
  const double precision = 1.0 / 4 / 4 + 3.0 / 4 / 16;
  expect(ScopeFusion::precision, (1.0 / 4 / 4 + 9.0 / 4 / 16) / precision, 1 / std::sqrt(precision));
}

TEST_P(ScopeOp, FusionOfEqualScopesIsThatScope) {
  for (const auto fusion : {ScopeFusion::mean, ScopeFusion::mixture, ScopeFusion::precision})
    for (const float deviation : {1e-4f, 0.0625f, 2.0f}) {
      const std::pair<float, float> scope{deviation / 8, deviation};
      const std::vector<float> result = fused(fusion, scope, scope);
      EXPECT_NEAR(result[0], scope.first, 1e-6 * double(deviation));
      EXPECT_NEAR(result[1], scope.second, 1e-6 * double(deviation));
    }
}

TEST_P(ScopeOp, TermsOfTheLeastDeviationAreWithinWhatAnExactSumTakes) {
  const std::vector<float> terms = terms_of(ScopeFusion::precision, {{0.5f, 0}, {-1, 0}});
  for (const float term : terms) EXPECT_LE(std::abs(term), 0x1p18f);
  EXPECT_EQ(terms[1], 0x1p18f);
}

TEST_P(ScopeOp, DeviationDoesNotCancelFarFromZero) {
  EXPECT_EQ(terms_of(ScopeFusion::mean, {{1e7f, 1}}), (std::vector<float>{1e7f, 1}));
}

TEST_P(ScopeOp, LossAndGradientAreThoseOfTheDivergence) {
  const auto start = test::random_floats(kModels * kParams, 1, -0.7f, 1.1f),
             before = test::random_floats(start.size(), 2);
  for (const auto direction : {ScopeDivergence::current_target, ScopeDivergence::target_current}) {
    const Tensor<float> w = device(start, {kModels, kParams}), target = device(std::vector<float>{-0.1f, 0.4f}, {2});
    Tensor<float> grads = device(before, {kModels, kParams}), loss = device(std::vector<float>{1, 2, 3}, {kModels});
    const double weight = 0.5;
    ops::align_scope(stream, direction, weight, kLength, slot(w.view(), kFirst), target, loss,
                     slot(grads.view(), kFirst));
    const auto result = host(grads), losses = host(loss);
    auto expected = std::vector<double>(before.begin(), before.end());  // all but the layer stays
    for (int m = 0; m < kModels; ++m) {
      const auto first = start.begin() + m * kParams + kFirst;
      const std::vector<double> layer(first, first + kLength);
      const auto f = [&](const std::vector<double>& x) {
        return weight * divergence_of(direction, x, double(-0.1f), double(0.4f));
      };
      const std::vector<double> slopes = differences(layer, f);
      for (std::size_t i = 0; i < slopes.size(); ++i)
        expected[static_cast<std::size_t>(m * kParams + kFirst) + i] += slopes[i];
      EXPECT_NEAR(losses[static_cast<std::size_t>(m)], m + 1 + f(layer), 1e-6);
    }
    for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(result[i], expected[i], 2e-7) << i;
  }
}

TEST_P(ScopeOp, ATargetWithoutDeviationIsNone) {
  const Tensor<float> w = device(test::random_floats(10, 1), {2, 5}), none = device(std::vector<float>{0, 0}, {2});
  Tensor<float> grads = device(std::vector<float>(10, -0.0f), {2, 5}), loss = device(std::vector<float>(2, -0.0f), {2});
  ops::align_scope(stream, ScopeDivergence::current_target, 1, 5, slot(w.view(), 0), none, loss, slot(grads.view(), 0));
  for (const float x : host(grads)) EXPECT_TRUE(x == 0 && std::signbit(x));
  for (const float x : host(loss)) EXPECT_TRUE(x == 0 && std::signbit(x));
}

TEST_P(ScopeOp, EqualWeightsHaveAFiniteDivergenceAndFollowTheMean) {
  const Tensor<float> w = device(std::vector<float>(5, 0.25f), {1, 5}),
                      target = device(std::vector<float>{0, 0.5f}, {2});
  Tensor<float> grads = device(std::vector<float>(5), {1, 5}), loss = device(std::vector<float>(1), {1});
  ops::align_scope(stream, ScopeDivergence::current_target, 5, 5, slot(w.view(), 0), target, loss,
                   slot(grads.view(), 0));
  EXPECT_TRUE(std::isfinite(host(loss)[0]));
  EXPECT_EQ(host(grads), std::vector<float>(5, 1.0f));  // 0.25 / 0.5^2
}

FEDSCAPE_ON_DEVICES(ScopeOp);

}  // namespace
}  // namespace fedscape
