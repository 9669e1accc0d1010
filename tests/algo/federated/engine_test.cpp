#include "fedscape/algo/federated/engine.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/algo/federated/rounds.hpp"

namespace fedscape {
namespace {

using test::FederationCase;

/// Gradient step of a linear model with softmax cross-entropy on all samples of a client, in double.
std::vector<double> step_by_hand(const FederationCase& setting, std::span<const std::int32_t> samples) {
  const std::vector<float> start = setting.initial();
  std::vector<double> moved(start.begin(), start.end());
  const std::vector<double> gradient = test::linear_gradient(setting, samples, moved);
  for (std::size_t i = 0; i < moved.size(); ++i) moved[i] -= setting.local.optimizer.lr * gradient[i];
  return moved;
}

class OneRound : public ::testing::TestWithParam<const char*> {};

TEST_P(OneRound, OfFedAvgOnALinearModelIsAsByHand) {
  FederationCase setting(3, true);
  setting.local.sampling.batch = 100, setting.local.epochs = 1, setting.local.weights = GetParam();
  setting.local.optimizer.momentum = 0;
  std::vector<double> expected(setting.initial().size());
  double total = 0;
  for (const auto& samples : setting.clients.train) {
    const double weight = GetParam() == std::string("samples") ? double(samples.size()) : 1.0;
    const std::vector<double> moved = step_by_hand(setting, samples);
    for (std::size_t i = 0; i < expected.size(); ++i) expected[i] += weight * moved[i];
    total += weight;
  }
  const auto comm = test::alone();
  const std::vector<float> global = test::run(*comm, setting, {.rounds = 1, .cohort = {.cohort = 3}}).global;
  ASSERT_EQ(global.size(), expected.size());
  // Sums of at most 25 float products of magnitude around 1.
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(double(global[i]), expected[i] / total, 3e-6);
}

INSTANTIATE_TEST_SUITE_P(Weights, OneRound, ::testing::Values("uniform", "samples"));

TEST(Engine, ReportsWhatARoundWasLike) {
  FederationCase setting;
  setting.local.evaluate_clients = true;
  const auto comm = test::alone();
  const RoundReport report = test::run(*comm, setting, {.rounds = 1, .cohort = {.cohort = 9}}).reports[0];
  std::int64_t samples = 0, steps = 0, test_samples = 0;
  for (std::size_t k = 0; k < 9; ++k) {
    samples += static_cast<std::int64_t>(setting.clients.train[k].size());
    steps += 2 * ((static_cast<std::int64_t>(setting.clients.train[k].size()) + 3) / 4);
    test_samples += static_cast<std::int64_t>(setting.clients.test[k].size());
  }
  EXPECT_EQ(report.round, 1);
  EXPECT_EQ(report.clients, 9);
  EXPECT_EQ(report.samples, samples);
  EXPECT_EQ(report.steps, steps);
  EXPECT_EQ(report.before.count, test_samples);
  EXPECT_LT(metric(report.after, "loss"), metric(report.before, "loss"));
  EXPECT_GT(report.train_loss, 0);
  EXPECT_FALSE(report.stop);
}

TEST(Engine, GivesAClientDrawnTwiceTwiceTheWeight) {
  FederationCase setting(3, true);
  setting.local.optimizer.momentum = 0;
  Workers workers({}, 1);
  const auto comm = test::alone();
  const auto memory = make_memory_in_ram();
  const auto after = [&](const Cohort& cohort) {
    Engine engine(workers, *comm, setting.federation());
    Server server = initial_server(workers.stream(), setting.federation(), setting.initial());
    engine.round(cohort, server, *memory);
    return to_host(workers.stream(), server.global.view());
  };
  const std::vector<float> a = after({{0}, {1}}), b = after({{2}, {1}}), both = after({{0, 2}, {2, 1}});
  for (std::size_t i = 0; i < a.size(); ++i)
    EXPECT_NEAR(double(both[i]), (2 * double(a[i]) + double(b[i])) / 3, 1e-6);  // a few float roundings
}

TEST(Engine, TrainsARepeatedClientAgainInAnotherOrder) {
  FederationCase setting;
  const auto comm = test::alone();
  const test::RunOptions options = {.rounds = 1, .cohort = {.cohort = 20, .replacement = true}};
  const test::RunResult once = test::run(*comm, setting, options);
  setting.local.train_repeats = true;
  const test::RunResult again = test::run(*comm, setting, options);
  EXPECT_GT(again.reports[0].steps, once.reports[0].steps);
  EXPECT_EQ(again.reports[0].clients, once.reports[0].clients);
  EXPECT_NE(again.global, once.global);
}

/// Client 7 finds a loss, or sends a model, that is not finite.
class Spoiled : public FederatedAlgorithm {
 public:
  explicit Spoiled(bool upload) : spoils_upload_(upload) {}
  void loss(const LocalStep& step, const Outputs& out, OutputGrads& grads, View<float> loss) const override {
    FederatedAlgorithm::loss(step, out, grads, loss);
    for (std::size_t m = 0; m < step.block.ids.size(); ++m)
      if (!spoils_upload_ && step.block.ids[m] == 7 && step.keys[m].step == 1) loss.data[m] = std::nanf("");
  }
  void upload(const LocalResult& result, View<float> upload) const override {
    FederatedAlgorithm::upload(result, upload);
    for (std::size_t m = 0; m < result.block.ids.size(); ++m)
      if (spoils_upload_ && result.block.ids[m] == 7)
        upload.rows(static_cast<std::int64_t>(m), static_cast<std::int64_t>(m) + 1).data[3] = 1e30f;
  }

 private:
  bool spoils_upload_;
};

std::string message_of_spoiled(bool upload) {
  FederationCase setting;
  setting.algorithm = std::make_unique<Spoiled>(upload);
  setting.local.models_per_stack = 4;
  const auto comm = test::alone();
  try {
    test::run(*comm, setting, {.rounds = 1, .cohort = {.cohort = 9}});
  } catch (const DivergedError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Engine, NamesClientAndRoundOfALossThatIsNotFinite) {
  EXPECT_EQ(message_of_spoiled(false).find("client 7, round 1: the loss is not finite (nan) in local step 2 of"), 0u)
      << message_of_spoiled(false);
}

TEST(Engine, NamesClientAndRoundOfAnUploadThatIsNotFinite) {
  EXPECT_EQ(message_of_spoiled(true), "client 7, round 1: what it sends is not finite, or beyond 2^18 in magnitude");
}

TEST(Engine, PassesOnThatARankWantsToStop) {
  const FederationCase setting;
  Workers workers({}, 1);
  const auto comm = test::alone();
  Engine engine(workers, *comm, setting.federation());
  Server server = initial_server(workers.stream(), setting.federation(), setting.initial());
  const auto memory = make_memory_in_ram();
  EXPECT_TRUE(engine.round({{1}, {1}}, server, *memory, true).stop);
  EXPECT_FALSE(engine.round({{1}, {1}}, server, *memory, false).stop);
}

TEST(Engine, ShowsTheTrainedModelOfEachClient) {
  const FederationCase setting;
  Workers workers({}, 1);
  const auto comm = test::alone();
  Engine engine(workers, *comm, setting.federation());
  Server server = initial_server(workers.stream(), setting.federation(), setting.initial());
  const auto memory = make_memory_in_ram();
  std::vector<ClientId> seen;
  engine.round({{1, 4, 6}, {1, 1, 1}}, server, *memory, false, [&](Stream&, ClientId id, View<const float> params) {
    seen.push_back(id);
    EXPECT_EQ(params.size(), setting.network.layout().size());
  });
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(seen, (std::vector<ClientId>{1, 4, 6}));
}

}  // namespace
}  // namespace fedscape
