#include "fedscape/algo/federated/fedavg_ft.hpp"

#include <gtest/gtest.h>

#include "tests/algo/federated/rounds.hpp"

namespace fedscape {
namespace {

using test::case_of;
using test::FederationCase;

FedAvgFt fedavg_ft(std::int64_t steps, double lr = 0.1) {
  FedAvgFt algorithm;
  algorithm.tuning_steps = steps, algorithm.tuning_lr = lr;
  return algorithm;
}

TEST(FedAvgFt, TrainsAsFedAvgEvenWhenPersonalMetricsAreTakenInBetween) {
  FederationCase setting = case_of(fedavg_ft(5));
  EXPECT_EQ(test::trained(setting), test::trained(FederationCase()));
  setting.local.evaluate_clients = true;
  EXPECT_EQ(test::trained(setting), test::trained(FederationCase()));
}

TEST(FedAvgFt, WithoutStepsHasTheGlobalModelForEveryClient) {
  const FederationCase setting = case_of(fedavg_ft(0));
  test::Rounds rounds(setting);
  rounds.next({1, 4});
  EXPECT_EQ(rounds.personal().loss, test::metrics_of(setting, [&](ClientId) { return rounds.global(); }).loss);
}

TEST(FedAvgFt, TunesTheGlobalModelOnEachClientsSamples) {
  FederationCase setting = case_of(fedavg_ft(3, 0.2), true);
  test::descend(setting, 3);
  test::Rounds rounds(setting);
  rounds.next({1, 4});
  const std::vector<float> global = rounds.global();
  const Metrics expected =
      test::metrics_of(setting, [&](ClientId id) { return test::descended(setting, id, global, 3, 0.2); });
  EXPECT_NEAR(rounds.personal().loss, expected.loss, 1e-6 * expected.loss);  // float roundings, averaged over samples
}

TEST(FedAvgFt, RefusesWhatMakesNoSense) {
  EXPECT_EQ(test::refusal_of(fedavg_ft(-1)), "tuning_steps of FedAvg-FT is -1; 0 to 16777215 are possible");
  EXPECT_EQ(test::refusal_of(fedavg_ft(1, -1)), "tuning_lr of FedAvg-FT is -1; it must be 0 or more");
}

}  // namespace
}  // namespace fedscape
