#include "fedscape/algo/federated/fedexp.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/algo/federated/rounds.hpp"

namespace fedscape {
namespace {

using test::case_of;
using test::FederationCase;

FedExp fedexp(double eps) {
  FedExp algorithm;
  algorithm.eps = eps;
  return algorithm;
}

TEST(FedExp, OfOneClientIsFedAvg) {
  const auto comm = test::alone();
  const test::RunOptions alone = {.cohort = {.cohort = 1}};
  EXPECT_EQ(test::run(*comm, case_of(fedexp(0)), alone).global, test::run(*comm, FederationCase(), alone).global);
}

TEST(FedExp, WithALargeEpsIsFedAvg) {
  EXPECT_EQ(test::trained(case_of(fedexp(1e9))), test::trained(test::FederationCase()));
}

TEST(FedExp, GoesFurtherWhereClientsDisagree) {
  FederationCase setting = case_of(fedexp(1e-3), true);
  std::vector<std::vector<std::int32_t>> lists(9);
  for (std::int32_t i = 0; i < setting.data.size(); ++i)  // one class to each of four clients, two at a time
    lists[static_cast<std::size_t>(setting.data.labels()[static_cast<std::size_t>(i)] + 4 * (i / 4 % 2))].push_back(i);
  lists[8] = lists[0];
  setting.clients.train = test::replaced(setting.clients.train, lists);
  test::Rounds rounds(setting);
  const std::vector<float> before = rounds.global();
  const auto models = rounds.next({0, 1, 2, 3, 4, 5, 6, 7, 8});
  std::vector<double> mean(before.size());
  double spread = 0, square = 1e-3;
  for (const auto& [id, model] : models)
    for (std::size_t i = 0; i < mean.size(); ++i) {
      const double d = double(model[i]) - double(before[i]);
      mean[i] += d / 9, spread += d * d / 9;
    }
  for (const double d : mean) square += d * d;
  const double rate = std::max(1.0, spread / (2 * square));
  EXPECT_GT(rate, 1.05);  // or the test would be one of FedAvg
  const std::vector<float> after = rounds.global();
  for (std::size_t i = 0; i < mean.size(); ++i) EXPECT_NEAR(double(after[i]), double(before[i]) + rate * mean[i], 2e-6);
}

TEST(FedExp, WhereNothingMovesStays) {
  FederationCase setting = case_of(fedexp(0), true);
  setting.local.optimizer.lr = 0;
  EXPECT_EQ(test::trained(setting), setting.initial());
}

TEST(FedExp, RefusesWhatMakesNoSense) {
  EXPECT_EQ(test::refusal_of(fedexp(-1)), "eps of FedExP is -1; it must be 0 or more");
}

}  // namespace
}  // namespace fedscape
