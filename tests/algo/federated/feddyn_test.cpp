#include "fedscape/algo/federated/feddyn.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/algo/federated/rounds.hpp"

namespace fedscape {
namespace {

using test::case_of;
using test::FederationCase;

FedDyn feddyn(double alpha) {
  FedDyn algorithm;
  algorithm.alpha = alpha;
  return algorithm;
}

FederationCase plain_steps(double alpha) {
  FederationCase setting = case_of(feddyn(alpha), true);
  setting.local.sampling.batch = 100, setting.local.local_steps = 3;
  setting.local.optimizer.momentum = 0;
  return setting;
}

/// FedDyn of plain_steps in double, as the header writes it.
struct ByHand {
  const FederationCase& setting;
  double alpha;
  std::vector<double> theta, h = std::vector<double>(theta.size());
  std::map<ClientId, std::vector<double>> g = {};

  void round(const std::vector<ClientId>& ids) {
    std::vector<double> mean(theta.size());
    for (const ClientId id : ids) {
      std::vector<double> local = theta, &own = g[id];
      own.resize(theta.size());
      for (int step = 0; step < 3; ++step) {
        const auto gradient =
            test::linear_gradient(setting, setting.clients.train[static_cast<std::size_t>(id)], local);
        for (std::size_t i = 0; i < local.size(); ++i)
          local[i] -= setting.local.optimizer.lr * (gradient[i] - own[i] + alpha * (local[i] - theta[i]));
      }
      for (std::size_t i = 0; i < local.size(); ++i) {
        own[i] -= alpha * (local[i] - theta[i]);
        mean[i] += local[i] / double(ids.size());
      }
    }
    const double participation = double(ids.size()) / double(setting.clients.size());
    for (std::size_t i = 0; i < theta.size(); ++i) {
      h[i] -= alpha * participation * (mean[i] - theta[i]);
      theta[i] = mean[i] - h[i] / alpha;
    }
  }
};

TEST(FedDyn, OnALinearModelIsAsByHand) {
  const FederationCase setting = plain_steps(0.3);
  test::Rounds rounds(setting);
  const std::vector<float> initial = setting.initial();
  ByHand hand{setting, 0.3, {initial.begin(), initial.end()}};
  for (const std::vector<ClientId>& ids : std::vector<std::vector<ClientId>>{{0, 2, 5}, {2, 3, 5}, {0, 5, 7}}) {
    rounds.next(ids);
    hand.round(ids);
  }
  const std::vector<float> theta = rounds.global(), h = rounds.server_memory(), g = rounds.memory_of(5);
  for (std::size_t i = 0; i < theta.size(); ++i) {
    EXPECT_NEAR(double(theta[i]), hand.theta[i],
                1e-5);  // three rounds of three float steps; h / alpha triples an error
    EXPECT_NEAR(double(h[i]), hand.h[i], 3e-6);
    EXPECT_NEAR(double(g[i]), hand.g[5][i], 3e-6);
  }
}

TEST(FedDyn, LeavesClientsThatMoveAsInFedAvgAtTheirFirstStep) {
  FederationCase dynamic = plain_steps(0.3), average(9, true);
  average.local = dynamic.local;
  dynamic.local.local_steps = average.local.local_steps = 1;
  EXPECT_EQ(test::Rounds(dynamic).next({4}), test::Rounds(average).next({4}));
}

/// Gradients of all clients at what they remember cancel at a fixed point: every client then trains to the global
/// model.
TEST(FedDyn, BringsClientsToTheSameModel) {
  FederationCase setting = plain_steps(0.5);
  setting.local.local_steps = 60;
  setting.local.optimizer.lr = 0.5;
  setting.local.optimizer.weight_decay = 0.05;  // a minimum at a finite place
  const std::vector<ClientId> all = {0, 1, 2, 3, 4, 5, 6, 7, 8};
  const auto apart = [&](test::Rounds& rounds) {
    rounds.next(all);
    return rounds.report().upload_norm;
  };
  test::Rounds dynamic(setting);
  const double first = apart(dynamic);
  for (int i = 0; i < 60; ++i) apart(dynamic);
  const std::vector<float> global = dynamic.global();
  const auto models = dynamic.next(all);
  double squares = 0;
  for (const auto& [id, model] : models)
    for (std::size_t i = 0; i < model.size(); ++i) squares += std::pow(double(model[i]) - double(global[i]), 2);
  EXPECT_LT(std::sqrt(squares / 9), 0.02 * first);
}

TEST(FedDyn, AveragesStatistics) {
  FederationCase setting = case_of(feddyn(0.1));
  test::Rounds rounds(setting);
  const auto models = rounds.next({0, 4});
  const std::vector<float> after = rounds.global();
  for (const ParamSlot& slot : setting.network.layout().slots())
    for (std::int64_t j = 0; slot.role == ParamRole::statistic && j < slot.size(); ++j) {
      const auto i = static_cast<std::size_t>(slot.offset + j);
      EXPECT_NEAR(after[i], (models.at(0)[i] + models.at(4)[i]) / 2, 1e-6);
    }
}

TEST(FedDyn, RefusesAnAlphaOfZero) {
  EXPECT_EQ(test::refusal_of(feddyn(0)), "alpha of FedDyn is 0; it must be above 0");
}

}  // namespace
}  // namespace fedscape
