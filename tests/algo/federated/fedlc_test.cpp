#include "fedscape/algo/federated/fedlc.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/algo/federated/loss_case.hpp"
#include "tests/algo/federated/rounds.hpp"

namespace fedscape {
namespace {

using test::LossCase;

FedLc fedlc(double tau) {
  FedLc algorithm;
  algorithm.tau = tau;
  return algorithm;
}

TEST(FedLc, WithoutTauIsFedAvg) {
  EXPECT_EQ(test::trained(test::case_of(fedlc(0))), test::trained(test::FederationCase()));
}

TEST(FedLc, GradientIsThatOfTheCalibratedLogits) {
  test::expect_loss_and_gradients(fedlc(0.7), [](const LossCase& call, int m, const auto& logits, const auto&) {
    std::vector<double> shift;
    for (std::size_t c = 0; c < 4; ++c)
      shift.push_back(-0.7 / std::sqrt(std::sqrt(double(call.label_counts[static_cast<std::size_t>(m) * 4 + c]))));
    return test::cross_entropy(call, m, logits, {}, shift);
  });
}

TEST(FedLc, AsksForTheMarginOfThePaper) {
  std::vector<float> shift(3);
  fedlc(2).terms(std::vector<float>{1, 16, 81}, shift);
  EXPECT_FLOAT_EQ(shift[0], -2.0f);
  EXPECT_FLOAT_EQ(shift[1], -1.0f);
  EXPECT_FLOAT_EQ(shift[2], -2.0f / 3.0f);
}

TEST(FedLc, LeavesAbsentClassesAlone) {
  const std::vector<float> gradient = test::loss_of(fedlc(1), LossCase()).dlogits;
  for (std::size_t b = 0; b < 3; ++b) EXPECT_EQ(gradient[4 * b + 1], 0.0f);  // the first model holds none of class 1
}

TEST(FedLc, RefusesWhatMakesNoSense) {
  EXPECT_EQ(test::refusal_of(fedlc(-1)), "tau of FedLC is -1; it must be 0 or more");
}

}  // namespace
}  // namespace fedscape
