#include "fedscape/algo/federated/sign_alignment.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "fedscape/algo/federated/fedprox.hpp"
#include "fedscape/algo/federated/scaffold.hpp"
#include "fedscape/algo/federated/wsa.hpp"
#include "fedscape/algo/weight_statistics.hpp"
#include "tests/algo/federated/federation_case.hpp"
#include "tests/support/message_of.hpp"

namespace fedscape {
namespace {

using test::FederationCase;

std::unique_ptr<SignAlignment> sign(double gamma, bool elect = false, const char* kind = "hinge") {
  auto penalty = std::make_unique<SignAlignment>();
  penalty->gamma = gamma, penalty->elect = elect, penalty->kind = kind;
  return penalty;
}

test::RunResult trained(const FederationCase& setting, std::int64_t rounds) {
  const auto comm = test::alone();
  return test::run(*comm, setting, {.rounds = rounds});
}

TEST(SignAlignment, WithoutWeightIsTheBaseMethodAndIsNotCalled) {
  FederationCase setting, base;
  setting.penalties.push_back(sign(0, true, "no such kind"));  // which a call would refuse
  setting.algorithm = std::make_unique<Scaffold>(), base.algorithm = std::make_unique<Scaffold>();
  const test::RunResult with = trained(setting, 3), without = trained(base, 3);
  EXPECT_EQ(with.global, without.global);
  EXPECT_EQ(with.memory, without.memory);
}

/// Mean over clients of the signs that they share with the model they received.
double consistency(std::unique_ptr<SignAlignment> penalty) {
  FederationCase setting;
  setting.local.epochs = 10;
  setting.penalties.push_back(std::move(penalty));
  double sum = 0;
  for (const auto& model : test::one_round(setting).models)
    sum += double(sign_consistency(setting.network.layout(), model, setting.initial())[0]) / 9;
  return sum;
}

TEST(SignAlignment, KeepsMoreSignsAsGammaGrows) {
  for (const char* kind : {"hinge", "logistic"}) {
    double before = consistency(sign(0));
    EXPECT_LT(before, 0.9);  // there are signs to keep
    for (const double gamma : {0.01, 0.1}) {
      const double now = consistency(sign(gamma, false, kind));
      EXPECT_GT(now, before) << kind << ", gamma " << gamma;
      before = now;
    }
  }
}

TEST(SignAlignment, ElectsTheSignOfMostClients) {
  FederationCase setting(3);
  setting.penalties.push_back(sign(0.01, true));
  const test::OneRound round = test::one_round(setting);
  std::size_t against = 0;
  for (std::size_t i = 0; i < round.memory.size(); ++i) {
    int votes = 0;
    for (const auto& model : round.models) votes += (model[i] > 0) - (model[i] < 0);
    EXPECT_EQ((round.memory[i] > 0) - (round.memory[i] < 0), (votes > 0) - (votes < 0)) << i;
    against += std::abs(votes) == 1;
  }
  EXPECT_GT(against, 0u);  // there were contested ones
}

TEST(SignAlignment, OfTwoClientsThatDisagreeElectsNone) {
  FederationCase setting(2);
  setting.penalties.push_back(sign(0.01, true));
  const test::OneRound round = test::one_round(setting);
  std::size_t ties = 0;
  for (std::size_t i = 0; i < round.memory.size(); ++i) {
    if (round.models[0][i] * round.models[1][i] >= 0) continue;
    EXPECT_EQ(round.memory[i], 0);
    ++ties;
  }
  EXPECT_GT(ties, 0u);
}

TEST(SignAlignment, IsDrawnToElectedSignsRatherThanToTheGlobalOnes) {
  FederationCase setting(3);
  setting.local.epochs = 20;
  setting.penalties.push_back(sign(1, true));
  std::vector<float> opposite = setting.initial();
  for (float& x : opposite) x = -x;
  const auto& layout = setting.network.layout();
  for (const auto& model : test::one_round(setting, opposite).models)
    EXPECT_GT(sign_consistency(layout, model, opposite)[0], 0.9f);
  for (const auto& model : test::one_round(setting).models)  // none elected yet
    EXPECT_GT(sign_consistency(layout, model, setting.initial())[0], 0.6f);
}

TEST(SignAlignment, BeyondItsThresholdOrBeforeAnElectionIsTheBaseMethod) {
  FederationCase beyond, before;
  auto penalty = sign(0.5);
  penalty->threshold = std::numeric_limits<double>::infinity();
  beyond.penalties.push_back(std::move(penalty));
  before.penalties.push_back(sign(0.5, true));
  const auto base = test::one_round(FederationCase()).models;
  EXPECT_EQ(test::one_round(beyond).models, base);
  EXPECT_EQ(test::one_round(before).models, base);
}

TEST(SignAlignment, MeanIsSumOverTheTrainedParameters) {
  FederationCase sum, mean;
  double parameters = 0;
  for (const auto& run : sum.network.layout().trained()) parameters += double(run.second - run.first);
  sum.penalties.push_back(sign(0.01));
  auto scaled = sign(0.01 * parameters);
  scaled->scale = "mean";
  mean.penalties.push_back(std::move(scaled));
  EXPECT_EQ(trained(sum, 2).global, trained(mean, 2).global);
}

TEST(SignAlignment, BadOptionsAreRefusedByName) {
  const auto refusal = [](auto&& change) {
    FederationCase setting;
    auto penalty = sign(0.01);
    change(*penalty);
    setting.penalties.push_back(std::move(penalty));
    return test::message_of([&] { total_footprint(setting.federation()); });
  };
  EXPECT_EQ(refusal([](SignAlignment& s) { s.gamma = -1; }), "sign.gamma: 0 or more was expected, not -1");
  EXPECT_EQ(refusal([](SignAlignment& s) { s.slope = 0; }), "sign.slope: a number above 0 was expected, not 0");
  EXPECT_EQ(refusal([](SignAlignment& s) { s.threshold = -2; }), "sign.threshold: 0 or more was expected, not -2");
  EXPECT_EQ(refusal([](SignAlignment& s) { s.kind = "hing"; }), "sign.kind is 'hing'; did you mean 'hinge'?");
  EXPECT_THAT(refusal([](SignAlignment& s) { s.scale = "max"; }), testing::HasSubstr("sign.scale is 'max'"));
}

/// Until there are targets and elections no penalty moves a model, so each one's memory is that of a run of its own.
TEST(Penalties, KeepTheirMemoriesApartBehindTheAlgorithms) {
  const auto run_with = [](bool scaffold, bool scopes, bool signs) {
    FederationCase setting;
    if (scaffold) setting.algorithm = std::make_unique<Scaffold>();
    auto wsa = std::make_unique<Wsa>();
    wsa->lambda = scopes ? 0.01 : 0;
    setting.penalties.push_back(std::move(wsa));
    if (signs) setting.penalties.push_back(sign(0.01, true));
    return test::one_round(setting).memory;
  };
  std::vector<float> expected = run_with(true, false, false);
  for (const auto& memory : {run_with(false, true, false), run_with(false, false, true)})
    expected.insert(expected.end(), memory.begin(), memory.end());
  EXPECT_EQ(run_with(true, true, true), expected);
}

TEST(Penalties, AllActTogetherInOneRun) {
  const auto model_without = [](int left_out) {
    FederationCase setting;
    setting.algorithm = std::make_unique<Scaffold>();
    auto prox = std::make_unique<FedProx>();
    auto scopes = std::make_unique<Wsa>();
    auto signs = sign(0.05, true);
    if (left_out != 0) prox->mu = 0.1;
    if (left_out != 1) scopes->lambda = 0.01;
    if (left_out == 2) signs->gamma = 0;
    setting.penalties.push_back(std::move(prox));
    setting.penalties.push_back(std::move(scopes));
    setting.penalties.push_back(std::move(signs));
    return trained(setting, 3).global;
  };
  const std::vector<float> all = model_without(-1);
  for (const int left_out : {0, 1, 2}) EXPECT_NE(model_without(left_out), all);
}

}  // namespace
}  // namespace fedscape
