#include "fedscape/algo/federated/fedavg_sf.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "fedscape/algo/federated/fedavg.hpp"
#include "fedscape/nn/zoo.hpp"
#include "tests/algo/federated/rounds.hpp"

namespace fedscape {
namespace {

using test::FederationCase;

std::unique_ptr<FedAvgSf> shuffling(double chance) {
  auto algorithm = std::make_unique<FedAvgSf>();
  algorithm->chance = chance;
  return algorithm;
}

/// One or more clients; no dropout, whose masks would tell neurons apart.
FederationCase make(std::int64_t clients, const PanOptions& pan = {}) {
  FederationCase setting(clients);
  NetworkOptions network;
  network.name = "mlp", network.hidden = "24,16", network.pan = pan;
  setting.network = build_network(network, setting.data.shape(), 4);
  setting.local.optimizer.momentum = 0.9;
  return setting;
}

std::vector<float> after_rounds(const FederationCase& setting, std::int64_t rounds) {
  const auto comm = test::alone();
  const std::int64_t all = setting.clients.size();
  return test::run(*comm, setting, {.rounds = rounds, .cohort = {.cohort = all}}).global;
}

double loss_of(const FederationCase& setting, const std::vector<float>& params) {
  Stream stream;
  Evaluator evaluator(stream, setting.network, 1);
  evaluator.load(stream, {params.data(), {1, setting.network.layout().size()}});
  return metric(evaluator.all(stream, setting.data)[0], "loss");
}

TEST(FedAvgSf, WithoutChanceIsFedAvg) {
  FederationCase setting = make(5);
  setting.algorithm = shuffling(0);
  EXPECT_EQ(after_rounds(setting, 3), after_rounds(make(5), 3));
}

TEST(FedAvgSf, BeginsAsFedAvg) {
  FederationCase setting = make(5);
  setting.algorithm = shuffling(1e9);
  EXPECT_EQ(after_rounds(setting, 1), after_rounds(make(5), 1));
  EXPECT_NE(after_rounds(setting, 2), after_rounds(make(5), 2));
}

TEST(FedAvgSf, ShufflesAModelThatGoesOnTrainingAsItWould) {
  FederationCase setting = make(1);
  for (const char* optimizer : {"sgd", "adam"}) {
    setting.local.optimizer.optimizer = optimizer;
    setting.local.optimizer.lr = optimizer == std::string("sgd") ? 0.1 : 0.01;
    setting.algorithm = std::make_unique<FedAvg>();
    const std::vector<float> plain = after_rounds(setting, 3);
    setting.algorithm = shuffling(1e9);  // behind every step
    const std::vector<float> moved = after_rounds(setting, 3);
    EXPECT_NE(moved, plain);
    // A handful of steps, each rounding its sums in another order.
    EXPECT_NEAR(loss_of(setting, moved), loss_of(setting, plain), 1e-5) << optimizer;
  }
}

TEST(FedAvgSf, ShufflesAboutAsOftenAsItsChanceSays) {
  FederationCase setting = make(1);
  setting.local.optimizer.lr = 0;  // only a shuffle moves the model, and nothing else
  setting.algorithm = shuffling(0.5);
  const auto comm = test::alone();
  int moves = 0;
  std::vector<float> before = setting.initial();
  for (int rounds = 1; rounds <= 30; ++rounds) {
    const std::vector<float> after = after_rounds(setting, rounds);
    moves += after != before;
    before = after;
  }
  EXPECT_GT(moves, 4);  // of 29, each with 1 - (1 - 0.5 / T)^T, about 0.4
  EXPECT_LT(moves, 20);
}

TEST(FedAvgSf, HurtsAveraging) {
  FederationCase setting = make(6);
  const double without = loss_of(setting, after_rounds(setting, 4));
  setting.algorithm = shuffling(1);
  EXPECT_GT(loss_of(setting, after_rounds(setting, 4)), without + 0.1);
}

TEST(FedAvgSf, RefusesWhatMakesNoSense) {
  FedAvgSf algorithm;
  algorithm.ratio = 2;
  EXPECT_EQ(test::refusal_of(algorithm), "ratio of fedavg-sf is 2; it must be in [0,1]");
  EXPECT_EQ(test::refusal_of(*shuffling(-1)), "chance of fedavg-sf is -1; it must be 0 or more");
}

}  // namespace
}  // namespace fedscape
