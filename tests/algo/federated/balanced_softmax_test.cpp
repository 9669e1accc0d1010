#include "fedscape/algo/federated/balanced_softmax.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/algo/federated/loss_case.hpp"
#include "tests/algo/federated/rounds.hpp"

namespace fedscape {
namespace {

using test::LossCase;

BalancedSoftmax balanced(double tau) {
  BalancedSoftmax algorithm;
  algorithm.tau = tau;
  return algorithm;
}

TEST(BalancedSoftmax, WithoutTauIsFedAvg) {
  EXPECT_EQ(test::trained(test::case_of(balanced(0))), test::trained(test::FederationCase()));
}

TEST(BalancedSoftmax, GradientIsThatOfTheCountsTimesTheExponentials) {
  test::expect_loss_and_gradients(balanced(1), [](const LossCase& call, int m, const auto& logits, const auto&) {
    const std::size_t first = static_cast<std::size_t>(m);
    double loss = 0;
    for (std::size_t b = 0; 4 * b < logits.size(); ++b) {
      double sum = 0;
      for (std::size_t c = 0; c < 4; ++c) sum += double(call.label_counts[4 * first + c]) * std::exp(logits[4 * b + c]);
      const auto y = static_cast<std::size_t>(call.labels[3 * first + b]);
      loss -= std::log(double(call.label_counts[4 * first + y]) * std::exp(logits[4 * b + y]) / sum);
    }
    return loss * 4 / double(logits.size());
  });
}

TEST(BalancedSoftmax, OfBalancedClassesIsSoftmax) {
  LossCase call;
  call.label_counts = {8, 8, 8, 8, /**/ 1, 1, 1, 1};
  const auto balance = test::loss_of(balanced(1), call), plain = test::loss_of(balanced(0), call);
  for (std::size_t i = 0; i < 20; ++i) EXPECT_NEAR(balance.dlogits[i], plain.dlogits[i], 3e-7);  // ln 8 is rounded
}

TEST(BalancedSoftmax, LeavesAbsentClassesAlone) {
  const std::vector<float> gradient = test::loss_of(balanced(1), LossCase()).dlogits;
  for (std::size_t b = 0; b < 3; ++b) EXPECT_EQ(gradient[4 * b + 1], 0.0f);  // the first model holds none of class 1
}

TEST(BalancedSoftmax, RefusesWhatMakesNoSense) {
  EXPECT_EQ(test::refusal_of(balanced(-2)), "tau of balanced softmax is -2; it must be 0 or more");
}

}  // namespace
}  // namespace fedscape
