#include "fedscape/algo/federated/fedproto.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "fedscape/nn/zoo.hpp"
#include "tests/algo/federated/loss_case.hpp"
#include "tests/algo/federated/rounds.hpp"

namespace fedscape {
namespace {

using test::case_of;
using test::FederationCase;
using test::LossCase;

FedProto fedproto(double lambda, double decay = 0) {
  FedProto algorithm;
  algorithm.lambda = lambda, algorithm.decay = decay;
  return algorithm;
}

/// Everybody alone, without a word to anyone.
class Alone : public LocalSlots {
 public:
  bool is_local(const ParamSlot&) const override { return true; }
};

/// Sums [C][F] and numbers [C] of what a model sees in the training samples of clients, by class.
struct Sums {
  std::vector<std::vector<double>> features;
  std::vector<double> samples;
};
void add(const FederationCase& setting, const std::vector<float>& model, ClientId id, Sums& sums) {
  Stream stream;
  InferencePlan plan(stream, setting.network, 1, 1);
  plan.load(stream, View<const float>(model.data(), {1, std::ssize(model)}));
  const auto F = static_cast<std::size_t>(setting.network.features());
  sums.features.resize(4, std::vector<double>(F)), sums.samples.resize(4);
  for (const std::int32_t i : setting.clients.train[static_cast<std::size_t>(id)]) {
    const auto label = static_cast<std::size_t>(setting.data.labels()[static_cast<std::size_t>(i)]);
    const float* const x = static_cast<const float*>(setting.data.samples()) + i * 6;
    const std::vector<float> h =
        to_host(stream, plan.forward(stream, View<const float>(x, setting.data.shape().under(1).under(1))).features);
    for (std::size_t f = 0; f < F; ++f) sums.features[label][f] += double(h[f]);
    ++sums.samples[label];
  }
}

TEST(FedProto, WithoutWeightLetsEveryoneTrainAlone) {
  const FederationCase setting = case_of(fedproto(0)), alone = case_of(Alone());
  test::Rounds rounds(setting), expected(alone);
  for (int round = 0; round < 3; ++round) EXPECT_EQ(rounds.next({1, 4, 6}), expected.next({1, 4, 6}));
  EXPECT_EQ(rounds.personal().loss, expected.personal().loss);
}

TEST(FedProto, HasNobodyToHeedInTheFirstRound) {
  const FederationCase setting = case_of(fedproto(3)), alone = case_of(Alone());
  test::Rounds rounds(setting), expected(alone);
  EXPECT_EQ(rounds.next({1, 4, 6}), expected.next({1, 4, 6}));
  EXPECT_NE(rounds.next({1, 4, 6}), expected.next({1, 4, 6}));
}

TEST(FedProto, GradientIsThatOfCrossEntropyAndDistanceFromPrototypes) {
  LossCase call;
  for (int i = 0; i < 4 * 5; ++i) call.server_memory.push_back(0.1f * static_cast<float>(i * i % 7));
  call.server_memory.insert(call.server_memory.end(), {1, 1, 0, 1});  // class 2 has none
  test::expect_loss_and_gradients(
      fedproto(0.7),
      [](const LossCase& c, int m, const auto& logits, const auto& h) {
        const std::size_t n = h.size() / 5;
        double distance = 0;
        for (std::size_t b = 0; b < n; ++b) {
          const auto label = static_cast<std::size_t>(c.labels[static_cast<std::size_t>(m) * 3 + b]);
          for (std::size_t f = 0; f < 5; ++f)
            if (label != 2) distance += std::pow(h[5 * b + f] - double(c.server_memory[label * 5 + f]), 2);
        }
        return test::cross_entropy(c, m, logits, {}, {}) + 0.7 * distance / double(n) / 5;
      },
      call);
}

TEST(FedProto, PrototypesAreMeansOfWhatTrainedModelsSeeInTheirOwnSamples) {
  const FederationCase setting = case_of(fedproto(1));
  test::Rounds rounds(setting);
  Sums sums;
  for (const auto& [id, model] : rounds.next({0, 2, 5, 7})) add(setting, model, id, sums);
  const std::vector<float> memory = rounds.server_memory();
  const auto F = static_cast<std::size_t>(setting.network.features());
  ASSERT_EQ(memory.size(), 4 * F + 4);
  for (std::size_t c = 0; c < 4; ++c) {
    EXPECT_EQ(memory[4 * F + c], sums.samples[c] > 0 ? 1 : 0);
    for (std::size_t f = 0; f < F && sums.samples[c] > 0; ++f)  // what is sent are floats, of a magnitude of 1
      EXPECT_NEAR(memory[c * F + f], sums.features[c][f] / sums.samples[c], 2e-6);
  }
}

// A linear model's features are the samples, whatever it has learned.
TEST(FedProto, PrototypesRememberWhatDecayLeavesAndClassesThatNobodyHas) {
  FederationCase setting = case_of(fedproto(1, 0.75), true);
  std::vector<std::vector<std::int32_t>> of_class(4), held(9);
  for (std::int32_t i = 0; i < 60; ++i)
    of_class[static_cast<std::size_t>(setting.data.labels()[static_cast<std::size_t>(i)])].push_back(i);
  held[0] = of_class[0], held[1] = of_class[1];
  held[2].assign(of_class[1].begin(), of_class[1].begin() + 3);
  for (std::size_t k = 3; k < 9; ++k) held[k] = of_class[2];
  setting.clients.train = test::replaced(setting.clients.train, held);
  test::Rounds rounds(setting);
  Sums both, later;
  for (const auto& [id, model] : rounds.next({0, 1})) add(setting, model, id, both);
  for (const auto& [id, model] : rounds.next({2})) add(setting, model, id, later);
  const std::vector<float> memory = rounds.server_memory();
  for (std::size_t f = 0; f < 6; ++f) {
    const double first = both.features[1][f] / both.samples[1], second = later.features[1][f] / 3;
    EXPECT_NEAR(memory[f], both.features[0][f] / both.samples[0], 1e-6);
    EXPECT_NEAR(memory[6 + f], 0.75 * first + 0.25 * second, 1e-6);
  }
  EXPECT_EQ(std::vector<float>(memory.end() - 4, memory.end()), (std::vector<float>{1, 1, 0, 0}));
}

TEST(FedProto, DrawsFeaturesToTheirPrototypes) {
  const auto apart = [](double lambda) {
    FederationCase setting = case_of(fedproto(lambda));
    NetworkOptions network;  // features that training and evaluation see alike
    network.name = "mlp", network.hidden = "11";
    setting.network = build_network(network, setting.data.shape(), 4);
    setting.local.epochs = 10;
    test::Rounds rounds(setting);
    rounds.next({1, 3, 5});
    const std::vector<float> prototypes = rounds.server_memory();
    Sums sums;
    for (const auto& [id, model] : rounds.next({1, 3, 5})) add(setting, model, id, sums);
    double distance = 0;
    for (std::size_t c = 0; c < 4; ++c)
      for (std::size_t f = 0; f < 11; ++f)
        distance += std::pow(sums.features[c][f] / sums.samples[c] - double(prototypes[c * 11 + f]), 2);
    return distance;
  };
  EXPECT_LT(apart(1), apart(0));  // a weight of 10 would be too much for this rate
}

TEST(FedProto, LeavesTheServersModelAsItIs) {
  const FederationCase setting = case_of(fedproto(1));
  EXPECT_EQ(test::trained(setting), setting.initial());
}

TEST(FedProto, RefusesWhatMakesNoSense) {
  EXPECT_EQ(test::refusal_of(fedproto(-1)), "lambda of FedProto is -1; it must be 0 or more");
  EXPECT_EQ(test::refusal_of(fedproto(1, 1)), "decay of FedProto is 1; it must be in [0,1)");
}

}  // namespace
}  // namespace fedscape
