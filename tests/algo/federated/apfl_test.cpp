#include "fedscape/algo/federated/apfl.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/algo/federated/rounds.hpp"

namespace fedscape {
namespace {

using test::case_of;
using test::FederationCase;

Apfl apfl(double alpha, bool adaptive = false) {
  Apfl algorithm;
  algorithm.alpha = alpha, algorithm.adaptive = adaptive;
  return algorithm;
}

TEST(Apfl, SendsWhatFedAvgSends) {
  EXPECT_EQ(test::trained(case_of(apfl(0.3))), test::trained(FederationCase()));
  EXPECT_EQ(test::trained(case_of(apfl(0.3, true))), test::trained(FederationCase()));
}

/// APFL on a linear model in double, as the header writes it, with three steps and an alpha that is learned.
struct ByHand {
  struct Own {
    std::vector<double> v;
    double alpha;
  };
  const FederationCase& setting;
  double alpha;
  std::vector<double> theta;
  std::map<ClientId, Own> own = {};

  std::vector<double> mixture(const Own& client, const std::vector<double>& w) const {
    std::vector<double> mixed(w.size());
    for (std::size_t i = 0; i < w.size(); ++i) mixed[i] = client.alpha * client.v[i] + (1 - client.alpha) * w[i];
    return mixed;
  }

  std::vector<double> train(ClientId id, Own& client) const {
    std::vector<double> w = theta;
    const auto samples = setting.clients.train[static_cast<std::size_t>(id)];
    for (int step = 0; step < 3; ++step) {
      const auto at_w = test::linear_gradient(setting, samples, w);
      const auto mixed = test::linear_gradient(setting, samples, mixture(client, w));
      const double lr = setting.local.optimizer.lr;
      double slope = 0;
      for (std::size_t i = 0; i < w.size(); ++i) {
        slope += mixed[i] * (client.v[i] - w[i]);
        client.v[i] -= lr * client.alpha * mixed[i];
        w[i] -= lr * at_w[i];
      }
      client.alpha = std::clamp(client.alpha - lr * slope, 0.0, 1.0);
    }
    return w;
  }

  void round(const std::vector<ClientId>& ids) {
    std::vector<double> mean(theta.size());
    for (const ClientId id : ids) {
      const auto w = train(id, own.try_emplace(id, Own{theta, alpha}).first->second);
      for (std::size_t i = 0; i < w.size(); ++i) mean[i] += w[i] / double(ids.size());
    }
    theta = mean;
  }
};

TEST(Apfl, OnALinearModelIsAsByHand) {
  FederationCase setting = case_of(apfl(0.4, true), true);
  test::descend(setting, 3);
  setting.local.optimizer.lr = 0.3;
  test::Rounds rounds(setting);
  const std::vector<float> initial = setting.initial();
  ByHand hand{setting, 0.4, {initial.begin(), initial.end()}};
  for (const std::vector<ClientId>& ids : std::vector<std::vector<ClientId>>{{0, 2, 5}, {2, 3}, {0, 5, 7}}) {
    rounds.next(ids);
    hand.round(ids);
  }
  const std::vector<float> theta = rounds.global();
  for (const ClientId id : {2, 3, 5}) {
    const std::vector<float> memory = rounds.memory_of(id);
    const ByHand::Own& own = hand.own.at(id);
    for (std::size_t i = 0; i < theta.size(); ++i) EXPECT_NEAR(double(memory[i]), own.v[i], 2e-6);  // nine float steps
    EXPECT_NEAR(double(memory.back()), own.alpha, 1e-6);
    EXPECT_GT(std::abs(own.alpha - 0.4), 1e-4) << "alpha of client " << id << " has hardly moved";
  }
}

TEST(Apfl, TakesPersonalMetricsOfTheMixtureWithTheGlobalModel) {
  const FederationCase setting = case_of(apfl(0.4, true), true);
  test::Rounds rounds(setting);
  rounds.next({0, 1, 2, 3, 4, 5, 6, 7, 8});
  const std::vector<float> global = rounds.global();
  const Metrics expected = test::metrics_of(setting, [&](ClientId id) {
    const std::vector<float> memory = rounds.memory_of(id);
    std::vector<float> mixed(global.size());
    for (std::size_t i = 0; i < mixed.size(); ++i)
      mixed[i] = memory.back() * memory[i] + (1 - memory.back()) * global[i];
    return mixed;
  });
  EXPECT_NEAR(rounds.personal().loss, expected.loss, 1e-6 * expected.loss);  // one rounding or two of each parameter
}

/// What client 5 remembers after two rounds, with others in them or alone.
std::vector<float> own_model(double alpha, bool with_others) {
  const FederationCase setting = case_of(apfl(alpha));
  test::Rounds rounds(setting);
  rounds.next(with_others ? std::vector<ClientId>{2, 5} : std::vector<ClientId>{5});
  rounds.next(with_others ? std::vector<ClientId>{3, 5} : std::vector<ClientId>{5});
  return rounds.memory_of(5);
}

TEST(Apfl, WithAlphaOneIsLocalTrainingAlone) {
  EXPECT_EQ(own_model(1, true), own_model(1, false));
  EXPECT_NE(own_model(0.5, true), own_model(0.5, false));
}

TEST(Apfl, KeepsStatisticsOfTheMixture) {
  FederationCase setting = case_of(apfl(0.5));
  const auto trained = [&](std::int64_t steps) {
    setting.local.local_steps = steps;
    test::Rounds rounds(setting);
    const std::vector<float> w = rounds.next({5})[5], own = rounds.memory_of(5);
    const ParamSlot& mean = setting.network.layout()[setting.network.layout().find("norm.running_mean")];
    const auto cut = [&](const std::vector<float>& model) {
      return std::vector<float>(model.begin() + mean.offset, model.begin() + mean.offset + mean.size());
    };
    return std::pair(cut(w), cut(own));
  };
  const auto [w1, own1] = trained(1);  // the first step finds both at the received model
  EXPECT_EQ(w1, own1);
  EXPECT_TRUE(std::any_of(own1.begin(), own1.end(), [](float x) { return x != 0; }));
  const auto [w3, own3] = trained(3);
  EXPECT_NE(w3, own3);
}

TEST(Apfl, KeepsAlphaWithinItsBounds) {
  FederationCase setting = case_of(apfl(0.9, true), true);
  setting.local.optimizer.lr = 2;
  test::Rounds rounds(setting);
  for (int round = 0; round < 4; ++round) rounds.next({0, 1, 2, 3, 4, 5, 6, 7, 8});
  int at_a_bound = 0;
  for (ClientId id = 0; id < 9; ++id) {
    const float alpha = rounds.memory_of(id).back();
    EXPECT_TRUE(alpha >= 0 && alpha <= 1) << alpha;
    at_a_bound += alpha == 0 || alpha == 1;
  }
  EXPECT_GT(at_a_bound, 0);
}

TEST(Apfl, RefusesWhatMakesNoSense) {
  EXPECT_EQ(test::refusal_of(apfl(1.5)), "alpha of APFL is 1.5; it must be in [0,1]");
}

}  // namespace
}  // namespace fedscape
