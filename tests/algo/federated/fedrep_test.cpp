#include "fedscape/algo/federated/fedrep.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "fedscape/nn/layers.hpp"
#include "tests/algo/federated/rounds.hpp"
#include "tests/support/message_of.hpp"

namespace fedscape {
namespace {

using test::case_of;
using test::FederationCase;

constexpr std::size_t kInputs = 6, kFeatures = 3, kClasses = 4;
constexpr std::size_t kBody = kFeatures * (kInputs + 1), kHead = kClasses * (kFeatures + 1);

/// A linear body and a linear head, plain steps: 3 of the head, then 2 of the body.
FederationCase linear_parts() {
  FedRep algorithm;
  algorithm.head_steps = 1.5;
  FederationCase setting = case_of(algorithm);
  setting.network = Network(setting.data.shape());
  const int features = setting.network.add("body", linear(kFeatures), {0});
  setting.network.add("head", linear(kClasses), {features});
  setting.network.finish();
  test::descend(setting, 2);
  return setting;
}

/// out = w in + b, of parameters w [n,in] and b [n] that lie behind each other.
std::vector<double> layer(const double* w, std::size_t n, const std::vector<double>& in) {
  std::vector<double> out(w + n * in.size(), w + n * (in.size() + 1));
  for (std::size_t k = 0; k < n; ++k)
    for (std::size_t j = 0; j < in.size(); ++j) out[k] += w[k * in.size() + j] * in[j];
  return out;
}

/// Mean cross-entropy over a client's samples.
double loss_of(const FederationCase& setting, ClientId id, const std::vector<double>& params) {
  const auto samples = setting.clients.train[static_cast<std::size_t>(id)];
  const auto* const x = static_cast<const float*>(setting.data.samples());
  double loss = 0;
  for (const std::int32_t i : samples) {
    const float* const first = x + static_cast<std::size_t>(i) * kInputs;
    const auto z = layer(params.data() + kBody, kClasses, layer(params.data(), kFeatures, {first, first + kInputs}));
    double sum = 0;
    for (const double logit : z) sum += std::exp(logit);
    loss += std::log(sum) - z[static_cast<std::size_t>(setting.data.labels()[static_cast<std::size_t>(i)])];
  }
  return loss / double(samples.size());
}

/// A step along central differences, good to the square of their width, of parameters [begin, end) alone.
void step(const FederationCase& setting, ClientId id, std::size_t begin, std::size_t end, std::vector<double>& params) {
  std::vector<double> next = params;
  for (std::size_t i = begin; i < end; ++i) {
    std::vector<double> above = params, below = params;
    above[i] += 1e-5, below[i] -= 1e-5;
    next[i] -= setting.local.optimizer.lr * (loss_of(setting, id, above) - loss_of(setting, id, below)) / 2e-5;
  }
  params = next;
}

TEST(FedRep, TrainsTheHeadOnAFrozenBodyAndThenTheBodyUnderThatHead) {
  const FederationCase setting = linear_parts();
  test::Rounds rounds(setting);
  const std::vector<float> initial = setting.initial();
  std::vector<double> hand(initial.begin(), initial.end());
  ASSERT_EQ(hand.size(), kBody + kHead);
  for (int round = 0; round < 2; ++round) {  // of one client: its body is the next global one
    const std::vector<float> model = rounds.next({6})[6];
    for (int i = 0; i < 3; ++i) step(setting, 6, kBody, kBody + kHead, hand);
    for (int i = 0; i < 2; ++i) step(setting, 6, 0, kBody, hand);
    for (std::size_t i = 0; i < hand.size(); ++i) EXPECT_NEAR(double(model[i]), hand[i], 2e-6);  // ten float steps
  }
  EXPECT_EQ(rounds.report().steps, 5);
}

TEST(FedRep, SendsTheBodyAlone) {
  const FederationCase setting = linear_parts();
  test::Rounds rounds(setting);
  const auto models = rounds.next({1, 6});
  const std::vector<float> initial = setting.initial(), global = rounds.global(), head = rounds.memory_of(6);
  ASSERT_EQ(head.size(), kHead);
  for (std::size_t i = 0; i < kBody; ++i) EXPECT_NEAR(global[i], (models.at(1)[i] + models.at(6)[i]) / 2, 1e-6);
  for (std::size_t i = 0; i < kHead; ++i) {
    EXPECT_EQ(global[kBody + i], initial[kBody + i]);
    EXPECT_EQ(head[i], models.at(6)[kBody + i]);
  }
}

TEST(FedRep, NeedsABodyToTrain) {
  const FederationCase setting = case_of(FedRep(), true);
  EXPECT_EQ(test::message_of([&] { test::Rounds rounds(setting); }),
            "a stage that trains none of this network's parameters");
}

TEST(FedRep, RefusesWhatMakesNoSense) {
  FedRep algorithm;
  algorithm.head_steps = 0;
  EXPECT_EQ(test::refusal_of(algorithm), "head_steps of FedRep is 0; it must be above 0 and at most 1000000");
  algorithm.head_steps = 1, algorithm.body_steps = -1;
  EXPECT_EQ(test::refusal_of(algorithm), "body_steps of FedRep is -1; it must be above 0 and at most 1000000");
}

}  // namespace
}  // namespace fedscape
