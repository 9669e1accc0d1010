#include "fedscape/algo/federated/pfedme.hpp"

#include <gtest/gtest.h>

#include "tests/algo/federated/rounds.hpp"

namespace fedscape {
namespace {

using test::case_of;
using test::FederationCase;

PFedMe pfedme(double lambda, double eta, double beta, std::int64_t inner_steps) {
  PFedMe algorithm;
  algorithm.lambda = lambda, algorithm.eta = eta, algorithm.beta = beta, algorithm.inner_steps = inner_steps;
  return algorithm;
}

TEST(PFedMe, WithOneInnerStepThatIsFollowedAllTheWayIsFedAvg) {
  EXPECT_EQ(test::trained(case_of(pfedme(4, 0.25, 1, 1))), test::trained(FederationCase()));
  EXPECT_NE(test::trained(case_of(pfedme(4, 0.2, 1, 1))), test::trained(FederationCase()));
}

/// pFedMe on a linear model in double, as the header writes it: two batches, three inner steps on each.
struct ByHand {
  const FederationCase& setting;
  double lambda, eta, beta;
  std::vector<double> global;
  std::map<ClientId, std::vector<double>> theta = {};

  std::vector<double> train(ClientId id) {
    std::vector<double> w = global, &own = theta[id];
    own = global;
    for (int batch = 0; batch < 2; ++batch) {
      for (int k = 0; k < 3; ++k) {
        const auto g = test::linear_gradient(setting, setting.clients.train[static_cast<std::size_t>(id)], own);
        for (std::size_t i = 0; i < g.size(); ++i)
          own[i] -= setting.local.optimizer.lr * (g[i] + lambda * (own[i] - w[i]));
      }
      for (std::size_t i = 0; i < w.size(); ++i) w[i] -= eta * lambda * (w[i] - own[i]);
    }
    return w;
  }

  void round(const std::vector<ClientId>& ids) {
    std::vector<double> mean(global.size());
    for (const ClientId id : ids) {
      const std::vector<double> w = train(id);
      for (std::size_t i = 0; i < w.size(); ++i) mean[i] += w[i] / double(ids.size());
    }
    for (std::size_t i = 0; i < mean.size(); ++i) global[i] = (1 - beta) * global[i] + beta * mean[i];
  }
};

TEST(PFedMe, OnALinearModelIsAsByHand) {
  FederationCase setting = case_of(pfedme(3, 0.2, 1.5, 3), true);
  test::descend(setting, 2);
  test::Rounds rounds(setting);
  const std::vector<float> initial = setting.initial();
  ByHand hand{setting, 3, 0.2, 1.5, {initial.begin(), initial.end()}};
  for (const std::vector<ClientId>& ids : std::vector<std::vector<ClientId>>{{0, 2, 5}, {2, 3}, {0, 5, 7}}) {
    rounds.next(ids);
    hand.round(ids);
  }
  const std::vector<float> global = rounds.global(), theta5 = rounds.memory_of(5), theta3 = rounds.memory_of(3);
  for (std::size_t i = 0; i < global.size(); ++i) {
    EXPECT_NEAR(double(global[i]), hand.global[i], 3e-6);  // eighteen float steps of values up to 1
    EXPECT_NEAR(double(theta5[i]), hand.theta[5][i], 3e-6);
    EXPECT_NEAR(double(theta3[i]), hand.theta[3][i], 3e-6);
  }
}

TEST(PFedMe, SeesABatchInAllItsInnerSteps) {
  const FederationCase setting = case_of(pfedme(3, 0.2, 1, 4));
  test::Rounds rounds(setting);
  rounds.next({5});
  EXPECT_EQ(rounds.report().steps, 4 * setting.local.steps(std::ssize(setting.clients.train[5])));
}

TEST(PFedMe, AveragesStatistics) {
  const FederationCase setting = case_of(pfedme(3, 0.2, 0.5, 2));
  test::Rounds rounds(setting);
  const auto models = rounds.next({0, 4});
  const std::vector<float> after = rounds.global();
  for (const ParamSlot& slot : setting.network.layout().slots())
    for (std::int64_t j = 0; slot.role == ParamRole::statistic && j < slot.size(); ++j) {
      const auto i = static_cast<std::size_t>(slot.offset + j);
      EXPECT_NEAR(after[i], (models.at(0)[i] + models.at(4)[i]) / 2, 1e-6);
    }
}

TEST(PFedMe, TakesPersonalMetricsOfTheta) {
  const FederationCase setting = case_of(pfedme(3, 0.2, 1, 2));
  test::Rounds rounds(setting);
  const auto models = rounds.next({0, 1, 2, 3, 4, 5, 6, 7, 8});
  const Metrics expected = test::metrics_of(setting, [&](ClientId id) { return models.at(id); });
  EXPECT_EQ(rounds.personal().loss, expected.loss);
  EXPECT_EQ(rounds.personal().correct, expected.correct);
}

TEST(PFedMe, RefusesWhatMakesNoSense) {
  EXPECT_EQ(test::refusal_of(pfedme(0, 0.2, 1, 1)), "lambda of pFedMe is 0; it must be above 0");
  EXPECT_EQ(test::refusal_of(pfedme(4, 0.5, 1, 1)), "eta lambda of pFedMe is 0.5 * 4; it must be in [0,1]");
  EXPECT_EQ(test::refusal_of(pfedme(4, 0.1, -1, 1)), "beta of pFedMe is -1; it must be 0 or more");
  EXPECT_EQ(test::refusal_of(pfedme(4, 0.1, 1, 0)), "inner_steps of pFedMe is 0; 1 to 10000 are possible");
}

}  // namespace
}  // namespace fedscape
