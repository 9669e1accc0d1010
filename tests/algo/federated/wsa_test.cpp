#include "fedscape/algo/federated/wsa.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "fedscape/algo/federated/scaffold.hpp"
#include "tests/algo/federated/federation_case.hpp"
#include "tests/support/message_of.hpp"

namespace fedscape {
namespace {

using test::FederationCase;

std::unique_ptr<Wsa> wsa(double lambda, const char* fusion = "mean", const char* divergence = "current_target") {
  auto penalty = std::make_unique<Wsa>();
  penalty->lambda = lambda, penalty->fusion = fusion, penalty->divergence = divergence;
  return penalty;
}

struct Scope {
  double mean, deviation;
};

/// Of the layers with weights of convolutions and linear layers.
std::vector<Scope> scopes_of(const FederationCase& setting, const std::vector<float>& params) {
  std::vector<Scope> scopes;
  for (const ParamSlot& slot : setting.network.layout().slots()) {
    if (slot.role != ParamRole::weight) continue;
    const auto first = params.begin() + slot.offset, last = first + slot.size();
    Scope scope{0, 0};
    for (auto w = first; w != last; ++w) scope.mean += double(*w) / double(slot.size());
    for (auto w = first; w != last; ++w) scope.deviation += std::pow(double(*w) - scope.mean, 2) / double(slot.size());
    scope.deviation = std::sqrt(scope.deviation);
    scopes.push_back(scope);
  }
  return scopes;
}

test::RunResult trained(const FederationCase& setting, std::int64_t rounds) {
  const auto comm = test::alone();
  return test::run(*comm, setting, {.rounds = rounds});
}

TEST(Wsa, WithoutWeightIsTheBaseMethodAndIsNotCalled) {
  FederationCase setting, base;
  setting.penalties.push_back(wsa(0, "no such fusion"));  // which a call would refuse
  setting.algorithm = std::make_unique<Scaffold>(), base.algorithm = std::make_unique<Scaffold>();
  const test::RunResult with = trained(setting, 3), without = trained(base, 3);
  EXPECT_EQ(with.global, without.global);
  EXPECT_EQ(with.memory, without.memory);
}

TEST(Wsa, HasNoTargetInTheFirstRound) {
  FederationCase setting;
  setting.penalties.push_back(wsa(0.01));
  EXPECT_EQ(trained(setting, 1).global, trained(FederationCase(), 1).global);
  EXPECT_NE(trained(setting, 2).global, trained(FederationCase(), 2).global);
}

TEST(Wsa, ItsTargetIsTheFusionOfTheClientsScopes) {
  for (const std::string fusion : {"mean", "mixture", "precision"}) {
    FederationCase setting(3);
    setting.local.weights = "samples";
    setting.penalties.push_back(wsa(0.01, fusion.c_str()));
    const test::OneRound round = test::one_round(setting);
    double samples = 0;
    for (const auto& train : setting.clients.train) samples += double(train.size());
    for (std::size_t l = 0; l < 2; ++l) {
      double mu = 0, sigma = 0, square = 0, precision = 0, pulled = 0;
      for (std::size_t k = 0; k < 3; ++k) {
        const double p = double(setting.clients.train[k].size()) / samples;
        const Scope s = scopes_of(setting, round.models[k])[l];
        mu += p * s.mean, sigma += p * s.deviation, square += p * (s.deviation * s.deviation + s.mean * s.mean);
        precision += p / (s.deviation * s.deviation), pulled += p * s.mean / (s.deviation * s.deviation);
      }
      if (fusion == "mixture") sigma = std::sqrt(square - mu * mu);
      if (fusion == "precision") mu = pulled / precision, sigma = 1 / std::sqrt(precision);
      // Each term is rounded to float on the way to the server and back.
      EXPECT_NEAR(double(round.memory[2 * l]), mu, 1e-6 * sigma) << fusion;
      EXPECT_NEAR(double(round.memory[2 * l + 1]), sigma, 1e-6 * sigma) << fusion;
    }
  }
}

/// One client with all data, trained towards a target with and without weight decay: by how much the deviations of its
/// layers then differ.
double gap(double lambda, const char* divergence, bool linear) {
  std::vector<std::vector<Scope>> ends;
  for (const double decay : {0.0, 0.05}) {
    FederationCase setting(1, linear);
    std::vector<std::int32_t> all(static_cast<std::size_t>(setting.data.size()));
    std::iota(all.begin(), all.end(), 0);
    setting.clients.train = test::replaced(setting.clients.train, {all});
    setting.local.epochs = 40, setting.local.optimizer.momentum = 0, setting.local.optimizer.weight_decay = decay;
    setting.penalties.push_back(wsa(lambda, "mean", divergence));
    std::vector<float> target = {0, 0.4f, 0, 0.4f};
    target.resize(lambda == 0 ? 0 : linear ? 2 : 4);
    ends.push_back(scopes_of(setting, test::one_round(setting, target).models[0]));
  }
  double sum = 0;
  for (std::size_t l = 0; l < ends[0].size(); ++l) sum += std::abs(ends[0][l].deviation - ends[1][l].deviation);
  return sum;
}

TEST(Wsa, DeviationsOfDifferentlyTrainedModelsApproachEachOtherAsLambdaGrows) {
  for (const char* divergence : {"current_target", "target_current"})
    for (const bool linear : {true, false}) {
      double before = gap(0, divergence, linear);
      EXPECT_GT(before, 0.3);  // there is a gap to close
      for (const double lambda : {0.001, 0.003, 0.01, 0.03, 0.1}) {
        const double now = gap(lambda, divergence, linear);
        EXPECT_LT(now, before) << divergence << ", lambda " << lambda;
        before = now;
      }
    }
}

TEST(Wsa, SumIsMeanTimesTheWeightsOfEachLayer) {
  FederationCase sum(3, true), mean(3, true);  // one layer of 24 weights
  sum.penalties.push_back(wsa(0.01));
  auto scaled = wsa(0.24);
  scaled->scale = "mean";
  mean.penalties.push_back(std::move(scaled));
  const std::vector<float> target{0, 0.5f};
  const test::OneRound a = test::one_round(sum, target), b = test::one_round(mean, target);
  for (std::size_t k = 0; k < a.models.size(); ++k)
    for (std::size_t i = 0; i < a.models[k].size(); ++i) EXPECT_NEAR(a.models[k][i], b.models[k][i], 1e-5f);
}

TEST(Wsa, CountsWeightsOfConvolutionsAndLinearLayersThatCanSpread) {
  ParamLayout layout;
  const auto add = [&](const char* name, ParamRole role, std::int64_t size) {
    ParamSlot slot;
    slot.name = name, slot.role = role, slot.shape = {size};
    layout.add(slot);
  };
  add("conv.weight", ParamRole::weight, 9), add("conv.bias", ParamRole::bias, 3);
  add("bn.weight", ParamRole::norm, 3), add("bn.running_var", ParamRole::statistic, 3);
  add("one.weight", ParamRole::weight, 1), add("two.weight", ParamRole::weight, 2);
  const FederatedAlgorithm::Footprint size = wsa(0.01)->footprint({layout, 4});
  EXPECT_EQ(size.client, 0);
  EXPECT_EQ(size.server, 2 * 2);
  EXPECT_EQ(size.upload, 2 * 2);
}

TEST(Wsa, BadOptionsAreRefusedByName) {
  const auto refusal = [](auto&& change) {
    FederationCase setting;
    auto penalty = wsa(0.01);
    change(*penalty);
    setting.penalties.push_back(std::move(penalty));
    return test::message_of([&] { total_footprint(setting.federation()); });
  };
  EXPECT_EQ(refusal([](Wsa& w) { w.lambda = -1; }), "wsa.lambda: 0 or more was expected, not -1");
  EXPECT_EQ(refusal([](Wsa& w) { w.fusion = "mixtur"; }), "wsa.fusion is 'mixtur'; did you mean 'mixture'?");
  EXPECT_THAT(refusal([](Wsa& w) { w.divergence = "both"; }), testing::HasSubstr("current_target, target_current"));
  EXPECT_THAT(refusal([](Wsa& w) { w.scale = "median"; }), testing::HasSubstr("wsa.scale is 'median'"));
}

}  // namespace
}  // namespace fedscape
