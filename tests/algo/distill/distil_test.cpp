#include "fedscape/algo/distill/distil.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <numeric>

#include "tests/algo/federated/federation_case.hpp"
#include "tests/support/devices.hpp"
#include "tests/support/message_of.hpp"

namespace fedscape {
namespace {

using test::FederationCase;

std::vector<float> some_labels(const FederationCase& setting) {
  std::vector<float> labels = test::random_floats(setting.data.size() * setting.data.classes(), 1, 0, 1);
  const auto C = static_cast<std::size_t>(setting.data.classes());
  for (std::size_t i = 0; i < labels.size(); i += C) {
    const float sum = std::accumulate(&labels[i], &labels[i] + C, 0.0f);
    for (std::size_t c = 0; c < C; ++c) labels[i + c] /= sum;
  }
  return labels;
}

std::vector<std::int32_t> some_order(const FederationCase& setting) {
  std::vector<std::int32_t> order(static_cast<std::size_t>(setting.data.size()));
  std::iota(order.begin(), order.end(), 0);
  Draws({.seed = 3}).shuffle(std::span(order));
  return order;
}

std::vector<float> distilled(const FederationCase& setting, const DistilOptions& options, int threads = 1) {
  Workers workers({}, threads);
  const Tensor<float> student = to_device(workers.stream(), setting.initial(), {1, setting.network.layout().size()});
  distil(workers, setting.network, setting.data, some_labels(setting), some_order(setting), options, {.seed = 7},
         student);
  return to_host(workers.stream(), student.view());
}

/// The same of a linear model of 6 features and 4 classes, in double.
class ByHand {
 public:
  ByHand(const FederationCase& setting, const DistilOptions& options)
      : setting_(setting), options_(options), labels_(some_labels(setting)), order_(some_order(setting)) {
    const std::vector<float> initial = setting.initial();
    params.assign(initial.begin(), initial.end());
    first_.resize(params.size()), second_.resize(params.size());
    for (std::int64_t s = 0; s < options.steps; ++s) step(s);
  }
  std::vector<double> params;

 private:
  static constexpr std::size_t f = 6, c = 4;

  std::vector<double> gradient(std::size_t s) const {
    const auto* const x = static_cast<const float*>(setting_.data.samples());
    const auto batch = static_cast<std::size_t>(options_.batch);
    std::vector<double> g(params.size());
    for (std::size_t b = 0; b < batch; ++b) {
      const auto i = static_cast<std::size_t>(order_[(s * batch + b) % order_.size()]);
      double z[c], sum = 0;
      for (std::size_t k = 0; k < c; ++k) {
        z[k] = params[c * f + k];
        for (std::size_t j = 0; j < f; ++j) z[k] += params[k * f + j] * double(x[i * f + j]);
        sum += std::exp(z[k]);
      }
      for (std::size_t k = 0; k < c; ++k) {
        const double d = (std::exp(z[k]) / sum - double(labels_[i * c + k])) / double(batch);
        for (std::size_t j = 0; j < f; ++j) g[k * f + j] += d * double(x[i * f + j]);
        g[c * f + k] += d;
      }
    }
    return g;
  }
  void step(std::int64_t s) {
    std::vector<double> g = gradient(static_cast<std::size_t>(s));
    double norm = 0;
    for (const double d : g) norm += d * d;
    const double scale = std::sqrt(norm) > options_.clip ? options_.clip / (std::sqrt(norm) + 1e-6) : 1;
    const double way = std::numbers::pi * double(s) / double(options_.steps), t = double(s) + 1;
    const double lr = options_.last_lr + (options_.lr - options_.last_lr) * (1 + std::cos(way)) / 2;
    for (std::size_t i = 0; i < g.size(); ++i) {
      const double d = scale * g[i] + options_.weight_decay * params[i];
      first_[i] = 0.9 * first_[i] + 0.1 * d, second_[i] = 0.999 * second_[i] + 0.001 * d * d;
      const double root = std::sqrt(second_[i] / (1 - std::pow(0.999, t))) + 1e-8;
      params[i] -= lr * first_[i] / (1 - std::pow(0.9, t)) / root;
    }
  }

  const FederationCase& setting_;
  DistilOptions options_;
  std::vector<float> labels_;
  std::vector<std::int32_t> order_;
  std::vector<double> first_, second_;
};

TEST(Distil, IsAdamAlongACosineOnSoftLabels) {
  const FederationCase setting(9, true);
  const DistilOptions options{
      .steps = 12, .batch = 64, .lr = 0.05, .last_lr = 0.01, .weight_decay = 0.1, .clip = 0.3};  // 200 samples: wraps
  const std::vector<float> student = distilled(setting, options);
  const std::vector<double> expected = ByHand(setting, options).params;
  // Adam divides by the size of a gradient, so its steps of 0.05 hold a few roundings of the gradient relative to it.
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(student[i], expected[i], 2e-5) << i;
}

TEST(Distil, HasTheSameBitsOnAnyNumberOfThreads) {
  const FederationCase setting;
  const std::vector<float> student = distilled(setting, {.steps = 20});
  EXPECT_EQ(distilled(setting, {.steps = 20}, 2), student);
  EXPECT_EQ(distilled(setting, {.steps = 20}, 3), student);
  EXPECT_NE(student, setting.initial());
}

TEST(Distil, InNoStepsChangesNothing) {
  const FederationCase setting;
  EXPECT_EQ(distilled(setting, {.steps = 0}), setting.initial());
}

TEST(Distil, TellsOfAStudentThatIsLost) {
  const FederationCase setting;
  EXPECT_EQ(test::message_of([&] { distilled(setting, {.steps = 3, .lr = 1e30, .last_lr = 1e30}); }),
            "a student's parameter is not finite after 3 steps");
}

TEST(Distil, RefusesWhatMakesNoSense) {
  const auto refusal = [](const DistilOptions& options) { return test::message_of([&] { options.check("X"); }); };
  EXPECT_EQ(refusal({.steps = -1}), "steps of X are -1; 0 to 2^24 - 1 are possible");
  EXPECT_EQ(refusal({.batch = 0}), "batch of X is 0; 1 to 2^20 are possible");
  EXPECT_EQ(refusal({.lr = 0}), "lr of X is 0; it must be above 0");
  EXPECT_EQ(refusal({.lr = 1e38}), "lr is 1e+38; it must be in [0,1e+30]");
  EXPECT_EQ(refusal({.last_lr = 0.01}), "last_lr of X is 0.01; it must be in [0, lr]");
  EXPECT_EQ(refusal({.weight_decay = -1}), "weight_decay of X is -1; it must be 0 or more");
  EXPECT_EQ(refusal({.clip = -1}), "clip of X is -1; it must be 0 or more");
  EXPECT_EQ(refusal({}), "");
}

}  // namespace
}  // namespace fedscape
