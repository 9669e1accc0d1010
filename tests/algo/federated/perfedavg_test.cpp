#include "fedscape/algo/federated/perfedavg.hpp"

#include <gtest/gtest.h>

#include "tests/algo/federated/rounds.hpp"

namespace fedscape {
namespace {

using test::case_of;
using test::FederationCase;

PerFedAvg perfedavg(double alpha, std::int64_t tuning_steps = 1) {
  PerFedAvg algorithm;
  algorithm.alpha = alpha, algorithm.tuning_steps = tuning_steps;
  return algorithm;
}

TEST(PerFedAvg, WithoutAlphaIsFedAvgWhereAllBatchesAreTheSame) {
  FederationCase setting = case_of(perfedavg(0)), average;
  test::descend(setting, 3), test::descend(average, 3);
  EXPECT_EQ(test::trained(setting), test::trained(average));
}

TEST(PerFedAvg, GoesByTheGradientOfTheNextBatchAfterAStepOnThisOne) {
  FederationCase setting = case_of(perfedavg(0.3), true);
  test::descend(setting, 3);
  setting.local.sampling.batch = 10;  // of 20 samples: the two batches of every step are the two halves
  const std::span<const std::int32_t> samples = setting.clients.train[6];
  ASSERT_EQ(samples.size(), 20u);
  const std::vector<float> initial = setting.initial(), trained = test::Rounds(setting).next({6})[6];
  std::vector<double> theta(initial.begin(), initial.end());
  for (int step = 0; step < 3; ++step) {
    std::vector<double> stepped = theta;
    const auto first = test::linear_gradient(setting, samples.first(10), theta);
    for (std::size_t i = 0; i < theta.size(); ++i) stepped[i] -= 0.3 * first[i];
    const auto second = test::linear_gradient(setting, samples.last(10), stepped);
    for (std::size_t i = 0; i < theta.size(); ++i) theta[i] -= setting.local.optimizer.lr * second[i];
  }
  for (std::size_t i = 0; i < theta.size(); ++i) EXPECT_NEAR(double(trained[i]), theta[i], 1e-6);  // float roundings
}

TEST(PerFedAvg, TakesPersonalMetricsAfterStepsAtRateAlpha) {
  FederationCase setting = case_of(perfedavg(0.3, 2), true);
  test::descend(setting, 3);
  test::Rounds rounds(setting);
  rounds.next({1, 4});
  const std::vector<float> global = rounds.global();
  const Metrics expected =
      test::metrics_of(setting, [&](ClientId id) { return test::descended(setting, id, global, 2, 0.3); });
  EXPECT_NEAR(rounds.personal().loss, expected.loss, 1e-6 * expected.loss);  // float roundings, averaged over samples
}

TEST(PerFedAvg, RefusesWhatMakesNoSense) {
  EXPECT_EQ(test::refusal_of(perfedavg(-1)), "alpha of Per-FedAvg is -1; it must be 0 or more");
  EXPECT_EQ(test::refusal_of(perfedavg(1, -1)), "tuning_steps of Per-FedAvg is -1; 0 to 16777215 are possible");
}

}  // namespace
}  // namespace fedscape
