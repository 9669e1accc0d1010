#include "fedscape/ops/sign_alignment.hpp"

#include <cmath>

#include "tests/support/devices.hpp"

namespace fedscape {
namespace {

using ops::SignAlignment;
using Kind = SignAlignment::Kind;

class SignAlignmentOp : public test::OnDevice {
 protected:
  /// Loss and gradients of one model, which begin at 0.
  std::pair<float, std::vector<float>> align(const SignAlignment& alignment, const std::vector<float>& w,
                                             const std::vector<float>& wanted, const std::vector<float>& reference) {
    const auto n = static_cast<std::int64_t>(w.size());
    const Tensor<float> ws = device(w, {1, n}), signs = device(wanted, {1, n}), global = device(reference, {1, n});
    Tensor<float> grads = device(std::vector<float>(w.size()), {1, n}), loss = device(std::vector<float>(1), {1});
    ops::align_signs(stream, alignment, n, slot(ws.view(), 0), slot(signs.view(), 0), slot(global.view(), 0), loss,
                     slot(grads.view(), 0));
    return {host(loss)[0], host(grads)};
  }
};

TEST_P(SignAlignmentOp, HingeIsAsByHand) {
  const std::vector<float> w{1, -1, 2, -2, 0, 3}, wanted{4, 4, -0.5f, -0.5f, 1, 0};
  const auto [loss, grads] = align({.kind = Kind::hinge, .weight = 0.5f}, w, wanted, wanted);
  EXPECT_EQ(loss, 0.5f * (1 + 2));
  EXPECT_EQ(grads, (std::vector<float>{0, -0.5f, 0.5f, 0, 0, 0}));
}

TEST_P(SignAlignmentOp, SmallReferencesAreLeftAlone) {
  const std::vector<float> w{-1, -1, -1}, wanted{1, 1, 1}, reference{-0.5f, 0.25f, 0.125f};
  for (const Kind kind : {Kind::hinge, Kind::logistic}) {
    const auto [loss, grads] = align({.kind = kind, .weight = 1, .threshold = 0.25f}, w, wanted, reference);
    EXPECT_GT(loss, 1);
    EXPECT_LT(grads[0], 0);
    EXPECT_EQ(grads[1], grads[0]);  // at the threshold
    EXPECT_EQ(grads[2], 0);
  }
}

TEST_P(SignAlignmentOp, LogisticGradientMatchesDifferences) {
  const double slope = 3, weight = 0.25, h = 1e-3;
  const auto w = test::random_floats(100, 1), wanted = test::random_floats(100, 2);
  const auto [loss, grads] = align({Kind::logistic, float(weight), float(slope)}, w, wanted, wanted);
  double total = 0;
  for (std::size_t i = 0; i < w.size(); ++i) {
    const double s = wanted[i] > 0 ? 1 : -1;
    const auto term = [&](double shift) { return weight * std::log1p(std::exp(-slope * s * (double(w[i]) + shift))); };
    total += term(0);
    const double expected = (8 * (term(h) - term(-h)) - (term(2 * h) - term(-2 * h))) / (12 * h);
    EXPECT_NEAR(grads[i], expected, 3e-7);  // a few roundings of numbers below 0.75
  }
  EXPECT_NEAR(loss, total, 1e-6 * total);
}

TEST_P(SignAlignmentOp, LogisticIsFiniteFarFromZero) {
  const auto [loss, grads] = align({Kind::logistic, 1, 10}, {1e4f, -1e4f}, {1, 1}, {1, 1});
  EXPECT_EQ(loss, 1e5f);
  EXPECT_EQ(grads, (std::vector<float>{0, -10}));
}

TEST_P(SignAlignmentOp, ModelsOfAStackShareTheSignsAndKeepTheirOwnSums) {
  const auto w = test::random_floats(3 * 40, 1), wanted = test::random_floats(40, 2);
  const Tensor<float> ws = device(w, {3, 40}), signs = device(wanted, {1, 40});
  Tensor<float> grads = device(std::vector<float>(120, 1.0f), {3, 40}), loss = device(std::vector<float>{1, 2, 3}, {3});
  const Slot<const float> shared{signs.data() + 5, 0};
  const SignAlignment alignment{.kind = Kind::hinge, .weight = 2};
  ops::align_signs(stream, alignment, 30, slot(ws.view(), 5), shared, shared, loss, slot(grads.view(), 5));
  const auto result = host(grads), losses = host(loss);
  for (std::size_t m = 0; m < 3; ++m) {
    double sum = 0;
    for (std::size_t i = 0; i < 40; ++i) {
      const float x = w[m * 40 + i], s = wanted[i] > 0 ? 1.0f : -1.0f;
      const bool against = i >= 5 && i < 35 && s * x < 0;
      EXPECT_EQ(result[m * 40 + i], against ? 1 - 2 * s : 1);
      sum += against ? double(std::abs(x)) : 0;
    }
    EXPECT_NEAR(losses[m], static_cast<double>(m + 1) + 2 * sum, 1e-5);
  }
}

TEST_P(SignAlignmentOp, SignsAreMinusOneZeroOrOne) {
  Tensor<float> out(stream, {1, 5});
  ops::signs(stream, device(std::vector<float>{3, -1e-30f, 0, -0.0f, -2}, {1, 5}), out);
  EXPECT_EQ(host(out), (std::vector<float>{1, -1, 0, 0, -1}));
}

FEDSCAPE_ON_DEVICES(SignAlignmentOp);

}  // namespace
}  // namespace fedscape
