#include "fedscape/algo/federated/fedphp.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/algo/federated/loss_case.hpp"
#include "tests/algo/federated/rounds.hpp"

namespace fedscape {
namespace {

using test::case_of;
using test::FederationCase;
using test::LossCase;

FedPhp fedphp(double lambda, const char* transfer = "kd") {
  FedPhp algorithm;
  algorithm.lambda = lambda, algorithm.transfer = transfer;
  return algorithm;
}

TEST(FedPhp, WithoutTeachingSendsWhatFedAvgSends) {
  EXPECT_EQ(test::trained(case_of(fedphp(0))), test::trained(FederationCase()));
}

TEST(FedPhp, MomentumGrowsFromZeroToNineTenths) {
  EXPECT_EQ(FedPhp::momentum(0, 30), 0);
  EXPECT_DOUBLE_EQ(FedPhp::momentum(1, 30), 0.9 / 30);
  EXPECT_DOUBLE_EQ(FedPhp::momentum(7, 0.1 * 3 * 100), 0.9 * 7 / 30);  // a little below 30 or above it
  for (int n = 1; n < 100; ++n) EXPECT_GE(FedPhp::momentum(n, 30), FedPhp::momentum(n - 1, 30));
  EXPECT_EQ(FedPhp::momentum(31, 30), 0.9);
  EXPECT_EQ(FedPhp::momentum(1, 0.2), 0.9);  // a client that hardly ever takes part counts on one round
}

TEST(FedPhp, GradientIsThatOfCrossEntropyAndWhatTheTeacherSays) {
  test::expect_loss_and_gradients(fedphp(0.3), [](const LossCase& call, int m, const auto& logits, const auto&) {
    const std::size_t n = logits.size() / 4, first = static_cast<std::size_t>(m) * 12;
    double taught = 0;
    for (std::size_t b = 0; b < n; ++b) {
      double teacher[4], mass = 0, sum = 0;
      for (std::size_t c = 0; c < 4; ++c) {
        mass += teacher[c] = std::exp(double(call.other_logits[0][first + 4 * b + c]) / 4);
        sum += std::exp(logits[4 * b + c]);
      }
      for (std::size_t c = 0; c < 4; ++c) taught -= teacher[c] / mass * (logits[4 * b + c] - std::log(sum)) / double(n);
    }
    return 0.7 * test::cross_entropy(call, m, logits, {}, {}) + 0.3 * taught;
  });
}

TEST(FedPhp, PrivateModelsInherit) {
  const FederationCase setting = case_of(fedphp(0.2, "mmd"));
  test::Rounds rounds(setting);
  const std::vector<float> first = rounds.next({2, 3}).at(3);
  std::vector<float> before = rounds.memory_of(3);
  EXPECT_EQ(before.back(), 1);
  EXPECT_EQ(std::vector<float>(before.begin(), before.end() - 1), first);
  // Two clients of nine in each of ten rounds: two participations are expected.
  const std::vector<float> second = rounds.next({3, 4}).at(3), after = rounds.memory_of(3);
  for (std::size_t i = 0; i < second.size(); ++i) EXPECT_NEAR(after[i], 0.45 * before[i] + 0.55 * second[i], 1e-6);
  EXPECT_EQ(after.back(), 2);
}

TEST(FedPhp, TheServerKeepsTheInitialModelToTeachNewcomers) {
  const FederationCase setting = case_of(fedphp(1));
  test::Rounds rounds(setting);
  rounds.next({1, 2});
  EXPECT_EQ(rounds.server_memory(), setting.initial());
}

TEST(FedPhp, PersonalMetricsOfNewcomersAreTheGlobalModels) {
  const FederationCase setting = case_of(fedphp(0.1));
  test::Rounds rounds(setting);
  Workers workers({}, 1);
  Evaluator evaluator(workers.stream(), setting.network, 1);
  const std::vector<float> initial = setting.initial();
  evaluator.load(workers.stream(), View<const float>(initial.data(), {1, std::ssize(initial)}));
  double loss = 0;
  for (const auto& test : setting.clients.test)
    if (!test.empty()) loss += evaluator.all(workers.stream(), setting.data, test)[0].loss;
  EXPECT_NEAR(rounds.personal().loss, loss, 1e-9);
}

TEST(FedPhp, BadOptionsAreRefused) {
  EXPECT_EQ(test::refusal_of(fedphp(1.5)), "lambda is 1.5; it must be in [0,1]");
  EXPECT_EQ(test::refusal_of(fedphp(0.5, "mmdd")), "transfer is 'mmdd'; did you mean 'mmd'?");
}

}  // namespace
}  // namespace fedscape
