#include "fedscape/algo/federated/ditto.hpp"

#include <gtest/gtest.h>

#include "tests/algo/federated/rounds.hpp"

namespace fedscape {
namespace {

using test::case_of;
using test::FederationCase;

Ditto ditto(double lambda) {
  Ditto algorithm;
  algorithm.pull.mu = lambda;
  return algorithm;
}

TEST(Ditto, SendsWhatFedAvgSends) { EXPECT_EQ(test::trained(case_of(ditto(1))), test::trained(FederationCase())); }

/// Ditto on a linear model in double, as the header writes it: 3 steps for what is sent, 6 at half the rate for v.
struct ByHand {
  const FederationCase& setting;
  double lambda;
  std::vector<double> theta;
  std::map<ClientId, std::vector<double>> v = {};

  void descend(ClientId id, std::vector<double>& model, int steps, double lr, double pull) const {
    for (int step = 0; step < steps; ++step) {
      const auto g = test::linear_gradient(setting, setting.clients.train[static_cast<std::size_t>(id)], model);
      for (std::size_t i = 0; i < g.size(); ++i) model[i] -= lr * (g[i] + pull * (model[i] - theta[i]));
    }
  }

  void round(const std::vector<ClientId>& ids) {
    std::vector<double> mean(theta.size());
    for (const ClientId id : ids) {
      std::vector<double> local = theta, &own = v.try_emplace(id, theta).first->second;
      descend(id, local, 3, setting.local.optimizer.lr, 0);
      descend(id, own, 6, setting.local.optimizer.lr / 2, lambda);
      for (std::size_t i = 0; i < mean.size(); ++i) mean[i] += local[i] / double(ids.size());
    }
    theta = mean;
  }
};

TEST(Ditto, OnALinearModelIsAsByHand) {
  Ditto algorithm = ditto(0.7);
  algorithm.personal_steps = 2, algorithm.personal_lr = 0.5;
  FederationCase setting = case_of(algorithm, true);
  test::descend(setting, 3);
  test::Rounds rounds(setting);
  const std::vector<float> initial = setting.initial();
  ByHand hand{setting, 0.7, {initial.begin(), initial.end()}};
  for (const std::vector<ClientId>& ids : std::vector<std::vector<ClientId>>{{0, 2, 5}, {2, 3}, {0, 5, 7}}) {
    rounds.next(ids);
    hand.round(ids);
  }
  const std::vector<float> theta = rounds.global(), v5 = rounds.memory_of(5), v3 = rounds.memory_of(3);
  for (std::size_t i = 0; i < theta.size(); ++i) {
    EXPECT_NEAR(double(theta[i]), hand.theta[i], 2e-6);  // up to twelve float steps of values up to 1
    EXPECT_NEAR(double(v5[i]), hand.v[5][i], 2e-6);
    EXPECT_NEAR(double(v3[i]), hand.v[3][i], 2e-6);
  }
}

/// What client 5 remembers after two rounds, with others in them or alone.
std::vector<float> own_model(double lambda, bool with_others) {
  const FederationCase setting = case_of(ditto(lambda));
  test::Rounds rounds(setting);
  rounds.next(with_others ? std::vector<ClientId>{2, 5} : std::vector<ClientId>{5});
  rounds.next(with_others ? std::vector<ClientId>{3, 5} : std::vector<ClientId>{5});
  return rounds.memory_of(5);
}

TEST(Ditto, WithoutLambdaIsLocalTrainingAlone) {
  EXPECT_EQ(own_model(0, true), own_model(0, false));
  EXPECT_NE(own_model(1, true), own_model(1, false));
  FederationCase setting = case_of(ditto(0), true), average(9, true);
  test::descend(setting, 4), test::descend(average, 4);
  test::Rounds rounds(setting);
  rounds.next({5});
  EXPECT_EQ(rounds.memory_of(5), test::Rounds(average).next({5})[5]);
}

TEST(Ditto, TakesPersonalMetricsOfWhatClientsRemember) {
  const FederationCase setting = case_of(ditto(1));
  test::Rounds rounds(setting);
  rounds.next({0, 1, 2, 3, 4, 5, 6, 7, 8});
  const Metrics expected = test::metrics_of(setting, [&](ClientId id) { return rounds.memory_of(id); });
  EXPECT_EQ(rounds.personal().loss, expected.loss);
  EXPECT_EQ(rounds.personal().correct, expected.correct);
}

TEST(Ditto, RefusesWhatMakesNoSense) {
  EXPECT_EQ(test::refusal_of(ditto(-1)), "lambda of Ditto is -1; it must be 0 or more");
  Ditto algorithm;
  algorithm.personal_steps = 0;
  EXPECT_EQ(test::refusal_of(algorithm), "personal_steps of Ditto is 0; it must be above 0 and at most 1000000");
  algorithm.personal_steps = 1, algorithm.personal_lr = -1;
  EXPECT_EQ(test::refusal_of(algorithm), "personal_lr of Ditto is -1; it must be 0 or more");
  algorithm.personal_lr = 1, algorithm.pull.kind = "cubed";
  EXPECT_NE(test::refusal_of(algorithm).find("kind"), std::string::npos);
}

}  // namespace
}  // namespace fedscape
