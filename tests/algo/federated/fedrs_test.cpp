#include "fedscape/algo/federated/fedrs.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/algo/federated/loss_case.hpp"
#include "tests/algo/federated/rounds.hpp"

namespace fedscape {
namespace {

using test::case_of;
using test::FederationCase;
using test::LossCase;
using test::trained;

FedRs fedrs(double alpha, const char* mask = "binary", std::int64_t min_samples = 1) {
  FedRs algorithm;
  algorithm.alpha = alpha, algorithm.mask = mask, algorithm.min_samples = min_samples;
  return algorithm;
}

std::vector<float> scales(const FedRs& algorithm, const std::vector<float>& counts) {
  std::vector<float> scale(counts.size());
  algorithm.terms(counts, scale);
  return scale;
}

TEST(FedRs, WithAlphaOneIsFedAvg) {
  for (const char* mask : {"binary", "soft"})
    EXPECT_EQ(trained(case_of(fedrs(1, mask))), trained(FederationCase())) << mask;
}

TEST(FedRs, ScalesTheClassesThatAClientLacks) {
  EXPECT_EQ(scales(fedrs(0.25), {5, 0, 2, 3}), (std::vector<float>{1, 0.25f, 1, 1}));
  EXPECT_EQ(scales(fedrs(0.25, "binary", 3), {5, 0, 2, 3}), (std::vector<float>{1, 0.25f, 0.25f, 1}));
  EXPECT_EQ(scales(fedrs(0.5, "soft"), {8, 0, 2, 4}), (std::vector<float>{1, 0.5f, 0.625f, 0.75f}));
}

TEST(FedRs, GradientIsThatOfTheRestrictedSoftmax) {
  test::expect_loss_and_gradients(fedrs(0.3), [](const LossCase& call, int m, const auto& logits, const auto&) {
    std::vector<double> a(4);
    for (std::size_t c = 0; c < 4; ++c) a[c] = call.label_counts[static_cast<std::size_t>(m) * 4 + c] > 0 ? 1 : 0.3;
    return test::cross_entropy(call, m, logits, a, {});
  });
}

/// How far client 0, who holds the first two classes only, moves the classifier rows of the others.
double drift(double alpha) {
  FederationCase setting = case_of(fedrs(alpha), true);
  const auto given = setting.clients.train[0];
  std::vector<std::int32_t> samples(given.begin(), given.end());
  const auto labels = setting.data.labels();
  for (std::int32_t i = 0; samples.size() < 40; ++i)
    if (labels[static_cast<std::size_t>(i)] < 2) samples.push_back(i);
  std::erase_if(samples, [&](std::int32_t i) { return labels[static_cast<std::size_t>(i)] >= 2; });
  setting.clients.train = test::replaced(setting.clients.train, {samples});
  const std::vector<float> before = setting.initial();
  const std::vector<float> after = test::Rounds(setting).next({0})[0];
  double sum = 0;
  for (std::size_t i = 12; i < 24; ++i) sum += std::pow(double(after[i]) - double(before[i]), 2);
  return std::sqrt(sum);
}

TEST(FedRs, MovesTheRowsOfAbsentClassesLessTheSmallerAlpha) {
  EXPECT_LT(drift(0.1), drift(0.5));
  EXPECT_LT(drift(0.5), drift(1));
}

TEST(FedRs, WithAlphaZeroLeavesTheRowsOfAbsentClasses) { EXPECT_EQ(drift(0), 0); }

TEST(FedRs, RefusesWhatMakesNoSense) {
  EXPECT_EQ(test::refusal_of(fedrs(1.5)), "alpha of FedRS is 1.5; it must be in [0,1]");
  EXPECT_EQ(test::refusal_of(fedrs(1, "binary", 0)), "min_samples of FedRS is 0; it must be at least 1");
  EXPECT_NE(test::refusal_of(fedrs(1, "sift")).find("'soft'"), std::string::npos);
}

}  // namespace
}  // namespace fedscape
