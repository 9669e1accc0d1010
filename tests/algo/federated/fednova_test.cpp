#include "fedscape/algo/federated/fednova.hpp"

#include <gtest/gtest.h>

#include "fedscape/algo/federated/fedopt.hpp"
#include "tests/algo/federated/rounds.hpp"

namespace fedscape {
namespace {

using test::case_of;
using test::FederationCase;
using test::trained;

FedNova fednova(double server_momentum = 0) {
  FedNova algorithm;
  algorithm.server_momentum = server_momentum;
  return algorithm;
}

TEST(FedNova, OfEqualStepsIsFedAvg) {
  FederationCase nova = case_of(fednova()), average;
  nova.local.local_steps = average.local.local_steps = 3;
  EXPECT_EQ(trained(nova), trained(average));
  nova.local.local_steps = average.local.local_steps = 0;
  EXPECT_NE(trained(nova), trained(average));
}

/// How far `steps` of the optimiser go along a gradient of 1 at rate 1.
double way(const OptimizerOptions& options, int steps) {
  ParamLayout layout;
  layout.add({.name = "w", .shape = {1}});
  Stream stream;
  Optimizer optimizer(stream, layout, options, 1);
  const Tensor<float> w = to_device<float>(stream, {0}, {1, 1}), g = to_device<float>(stream, {1}, {1, 1});
  for (int i = 0; i < steps; ++i) optimizer.step(stream, 1, 1, w, g);
  return -double(to_host(stream, w.view())[0]);
}

TEST(FedNova, KnowsHowFarTheOptimiserGoes) {
  for (const double momentum : {0.0, 0.5, 0.9})
    for (const bool nesterov : {false, true})
      for (const int steps : {1, 2, 7, 40}) {
        if (nesterov && momentum == 0) continue;
        const OptimizerOptions local{.momentum = momentum, .nesterov = nesterov};
        const double expected = way(local, steps);
        EXPECT_NEAR(FedNova::amount(steps, local), expected, 1e-6 * expected * steps) << momentum << " " << steps;
      }
}

TEST(FedNova, AddsUpNormalisedDifferences) {
  FederationCase setting = case_of(fednova(), true);
  setting.local.weights = "samples";
  test::Rounds rounds(setting);
  const std::vector<float> before = rounds.global();
  const auto models = rounds.next({0, 3, 5, 8});
  std::map<ClientId, double> weight, amount;
  double total = 0, tau = 0;
  for (const auto& [id, model] : models) {
    const auto samples = static_cast<std::int64_t>(setting.clients.train[static_cast<std::size_t>(id)].size());
    weight[id] = double(samples), total += double(samples);
    double counter = 0;  // as the authors' release counts: 1, 1 + rho, 1 + rho + rho^2, ...
    for (std::int64_t t = 0; t < setting.local.steps(samples); ++t) counter = counter * 0.5 + 1, amount[id] += counter;
  }
  for (const auto& [id, model] : models) tau += weight[id] / total * amount[id];
  const std::vector<float> after = rounds.global();
  for (std::size_t i = 0; i < before.size(); ++i) {
    double moved = 0;
    for (const auto& [id, model] : models)
      moved += weight[id] / total * (double(model[i]) - double(before[i])) / amount[id];
    EXPECT_NEAR(double(after[i]), double(before[i]) + tau * moved, 1e-6);  // a few float roundings of values up to 1
  }
}

TEST(FedNova, AveragesStatistics) {
  FederationCase setting = case_of(fednova());
  test::Rounds rounds(setting);
  const std::vector<float> before = rounds.global();
  const auto models = rounds.next({0, 4});
  const std::vector<float> after = rounds.global();
  for (const ParamSlot& slot : setting.network.layout().slots())
    for (std::int64_t j = 0; slot.role == ParamRole::statistic && j < slot.size(); ++j) {
      const auto i = static_cast<std::size_t>(slot.offset + j);
      EXPECT_NEAR(after[i], (models.at(0)[i] + models.at(4)[i]) / 2, 1e-6);
    }
}

TEST(FedNova, WithServerMomentumIsThatOfFedOpt) {
  FedOpt fedopt;
  fedopt.kind = "momentum", fedopt.beta1 = 0.5, fedopt.server_lr = 1;
  FederationCase nova = case_of(fednova(0.5)), opt = case_of(fedopt);
  nova.local.local_steps = opt.local.local_steps = 3;
  EXPECT_EQ(trained(nova), trained(opt));
}

TEST(FedNova, RefusesWhatItCannotCount) {
  EXPECT_EQ(test::refusal_of(fednova(), {.optimizer = "adam"}),
            "FedNova knows what steps of sgd amount to, but the optimizer is adam");
  EXPECT_EQ(test::refusal_of(fednova(1)), "server_momentum of FedNova is 1; it must be in [0,1)");
}

}  // namespace
}  // namespace fedscape
