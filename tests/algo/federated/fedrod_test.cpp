#include "fedscape/algo/federated/fedrod.hpp"

#include <gtest/gtest.h>

#include "fedscape/algo/federated/balanced_softmax.hpp"
#include "tests/algo/federated/rounds.hpp"

namespace fedscape {
namespace {

using test::case_of;
using test::FederationCase;

FedRod fedrod(double tau = 1) {
  FedRod algorithm;
  algorithm.tau = tau;
  return algorithm;
}

TEST(FedRod, SendsWhatBalancedSoftmaxDoes) {
  EXPECT_EQ(test::trained(case_of(fedrod())), test::trained(case_of(BalancedSoftmax())));
}

TEST(FedRod, SendsWhatFedAvgDoesWithoutWeight) {
  EXPECT_EQ(test::trained(case_of(fedrod(0))), test::trained(FederationCase()));
}

/// Steps of SGD with momentum on all samples of a client, of a linear model and of what is added to it, in double.
void train_heads(const FederationCase& setting, ClientId id, std::vector<double>& generic,
                 std::vector<double>& private_head) {
  const OptimizerOptions& local = setting.local.optimizer;
  const auto& samples = setting.clients.train[static_cast<std::size_t>(id)];
  std::vector<double> velocity(generic.size()), private_velocity(generic.size()), both(generic.size());
  for (int step = 0; step < 5; ++step) {
    for (std::size_t i = 0; i < both.size(); ++i) both[i] = generic[i] + private_head[i];
    const std::vector<double> gradient = test::linear_gradient(setting, samples, generic),
                              private_gradient = test::linear_gradient(setting, samples, both);
    for (std::size_t i = 0; i < both.size(); ++i) {
      velocity[i] = local.momentum * velocity[i] + gradient[i] + local.weight_decay * generic[i];
      private_velocity[i] =
          local.momentum * private_velocity[i] + private_gradient[i] + local.weight_decay * private_head[i];
      generic[i] -= local.lr * velocity[i], private_head[i] -= local.lr * private_velocity[i];
    }
  }
}

TEST(FedRod, TrainsThePrivateHeadOnWhatTheGenericOneLeaves) {
  FederationCase setting = case_of(fedrod(0), true);  // whose generic loss is the plain one
  setting.local.sampling.batch = 100, setting.local.epochs = 5;
  setting.local.optimizer.weight_decay = 0.01;
  test::Rounds rounds(setting);
  std::vector<double> private_head(setting.initial().size());
  for (int round = 0; round < 2; ++round) {
    const std::vector<float> global = rounds.global();
    std::vector<double> generic(global.begin(), global.end());
    rounds.next({2, 7});
    train_heads(setting, 7, generic, private_head);
    const std::vector<float> memory = rounds.memory_of(7);
    ASSERT_EQ(memory.size(), private_head.size());  // a linear model is all head
    for (std::size_t i = 0; i < memory.size(); ++i) EXPECT_NEAR(memory[i], private_head[i], 2e-6) << round;
  }
}

TEST(FedRod, AddsThePrivateHeadToTheClassifierOfThePersonalModel) {
  const FederationCase setting = case_of(fedrod());
  test::Rounds rounds(setting);
  rounds.next({0, 1, 2, 3, 4, 5, 6, 7, 8});
  const ParamLayout& layout = setting.network.layout();
  const auto weight = static_cast<std::size_t>(layout[layout.find("classifier.weight")].offset),
             bias = static_cast<std::size_t>(layout[layout.find("classifier.bias")].offset);
  Stream stream;
  Evaluator evaluator(stream, setting.network, 1);
  Metrics expected;
  for (ClientId id = 0; id < 9; ++id) {
    std::vector<float> model = rounds.global();
    const std::vector<float> head = rounds.memory_of(id);
    ASSERT_EQ(head.size(), 4u * 11 + 4);
    for (std::size_t i = 0; i < 44; ++i) model[weight + i] += head[i];
    for (std::size_t c = 0; c < 4; ++c) model[bias + c] += head[44 + c];
    evaluator.load(stream, View<const float>(model.data(), {1, std::ssize(model)}));
    expected += evaluator.all(stream, setting.data, setting.clients.test[static_cast<std::size_t>(id)])[0];
  }
  EXPECT_EQ(rounds.personal().loss, expected.loss);
}

TEST(FedRod, PrivateHeadsKnowTheirClientsBetterThanTheGenericOne) {
  FederationCase setting = case_of(fedrod());
  setting.clients.test = setting.clients.train;
  test::Rounds rounds(setting);
  const std::vector<ClientId> all = {0, 1, 2, 3, 4, 5, 6, 7, 8};
  for (int round = 0; round < 10; ++round) rounds.next(all);
  Stream stream;
  Evaluator evaluator(stream, setting.network, 1);
  const std::vector<float> global = rounds.global();
  evaluator.load(stream, View<const float>(global.data(), {1, std::ssize(global)}));
  Metrics generic;
  for (const auto& samples : setting.clients.test) generic += evaluator.all(stream, setting.data, samples)[0];
  EXPECT_LT(rounds.personal().loss, generic.loss);
}

TEST(FedRod, RefusesWhatMakesNoSense) {
  EXPECT_EQ(test::refusal_of(fedrod(-1)), "tau of FedROD is -1; it must be 0 or more");
  EXPECT_EQ(test::refusal_of(fedrod(), {.optimizer = "adam"}),
            "FedROD trains private heads by sgd; the local optimizer is adam");
}

}  // namespace
}  // namespace fedscape
