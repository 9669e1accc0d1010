#include "fedscape/algo/federated/privacy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "fedscape/algo/federated/fedprox.hpp"
#include "fedscape/algo/federated/scaffold.hpp"
#include "fedscape/algo/federated/sign_alignment.hpp"
#include "tests/algo/federated/every_hook.hpp"
#include "tests/algo/federated/rounds.hpp"
#include "tests/support/message_of.hpp"

namespace fedscape {
namespace {

using test::FederationCase;
using test::message_of;
using testing::HasSubstr;

std::unique_ptr<Privacy> privacy(const PrivacyOptions& options, const CohortOptions& cohort = {.cohort = 5},
                                 std::int64_t clients = 9) {
  return std::make_unique<Privacy>(options, cohort, clients, 10, 5);
}

double norm(std::span<const float> values) {
  return std::sqrt(std::inner_product(values.begin(), values.end(), values.begin(), 0.0, std::plus<>(),
                                      [](float a, float b) { return double(a) * double(b); }));
}

TEST(Privacy, ScalesAllPartsOfALongUploadToTheBound) {
  Stream stream;
  std::vector<float> values(10'007);
  fill_normal({.seed = 3}, 0, 1, values);
  const std::vector<float> before = values;
  const std::vector<View<float>> parts = {{values.data(), {1, 7}}, {values.data() + 7, {1, 10'000}}};
  const double bound = 0.37;
  EXPECT_NEAR(privacy({.clip = bound})->clip(stream, parts), norm(before), 1e-9 * norm(before));
  EXPECT_LE(norm(values), bound);
  EXPECT_GT(norm(values), bound * (1 - 1e-6));
  for (std::size_t i = 0; i < values.size(); ++i)  // one direction: some float roundings
    EXPECT_NEAR(double(values[i]), double(before[i]) * bound / norm(before), 1e-6 * std::abs(double(values[i])));
}

TEST(Privacy, LeavesShortUploadsAlone) {
  Stream stream;
  std::vector<float> values = {3, 4};
  const std::vector<View<float>> parts = {{values.data(), {1, 2}}};
  EXPECT_EQ(privacy({.clip = 5})->clip(stream, parts), 5);
  EXPECT_EQ(values, (std::vector<float>{3, 4}));
}

TEST(Privacy, WithABoundThatNobodyReachesIsFedAvg) {
  FederationCase setting;
  setting.privacy = privacy({.clip = 1e5});
  EXPECT_EQ(test::trained(setting), test::trained(FederationCase()));
}

TEST(Privacy, BoundsWhatEachClientSendsWithItsPenalties) {
  FederationCase setting;
  setting.algorithm = std::make_unique<Scaffold>();
  auto signs = std::make_unique<SignAlignment>();
  signs->gamma = 0.001, signs->elect = true;
  setting.penalties.push_back(std::move(signs));
  const double bound = 0.25;
  setting.privacy = privacy({.clip = bound});
  test::Rounds rounds(setting);
  for (ClientId id = 0; id < 4; ++id) {
    rounds.next({id});
    EXPECT_LE(rounds.report().upload_norm, bound * (1 + 1e-7));  // the sum rounds each value to float once more
    EXPECT_GT(rounds.report().upload_norm, bound * (1 - 1e-6));
    EXPECT_EQ(rounds.report().privacy->clipped, 1);
    EXPECT_GT(rounds.report().privacy->client_norm, std::sqrt(double(setting.network.layout().size())));  // signs
  }
}

TEST(Privacy, ReportsShareClippedMeanNormAndEpsilon) {
  FederationCase setting;
  std::vector<double> norms;
  for (ClientId id = 0; id < 4; ++id) {
    test::Rounds alone(setting);
    alone.next({id});
    norms.push_back(alone.report().upload_norm);
  }
  std::vector<double> sorted = norms;
  std::sort(sorted.begin(), sorted.end());
  setting.privacy = privacy({.clip = (sorted[2] + sorted[3]) / 2, .noise = 3, .delta = 1e-4});
  test::Rounds rounds(setting);
  rounds.next({0, 1, 2, 3});
  EXPECT_EQ(rounds.report().privacy->clipped, 0.25);
  EXPECT_NEAR(rounds.report().privacy->client_norm, std::accumulate(norms.begin(), norms.end(), 0.0) / 4, 1e-6);
  EXPECT_EQ(rounds.report().privacy->epsilon, fixed_curve(5.0 / 9, 1.5).epsilon(1, 1e-4));
  rounds.next({1, 2, 5, 6});
  EXPECT_EQ(rounds.report().privacy->epsilon, fixed_curve(5.0 / 9, 1.5).epsilon(2, 1e-4));
}

struct Sample {
  double mean = 0, deviation = 0, fourth = 0;
};
Sample moments(std::span<const float> values) {
  Sample sample;
  const double n = double(values.size());
  for (const float value : values) sample.mean += double(value) / n;
  for (const float value : values) sample.deviation += std::pow(double(value) - sample.mean, 2) / n;
  for (const float value : values) sample.fourth += std::pow(double(value) - sample.mean, 4) / n;
  sample.fourth /= sample.deviation * sample.deviation;
  sample.deviation = std::sqrt(sample.deviation);
  return sample;
}

void expect_normal(std::span<const float> values, double deviation) {
  const Sample sample = moments(values);
  const double n = double(values.size());  // five standard errors each
  EXPECT_NEAR(sample.mean, 0, 5 * deviation / std::sqrt(n));
  EXPECT_NEAR(sample.deviation, deviation, 5 * deviation / std::sqrt(2 * n));
  EXPECT_NEAR(sample.fourth, 3, 5 * std::sqrt(96 / n));
}

TEST(Privacy, NoiseOnTheSumIsNormalOfTheStatedScaleForAnyThreads) {
  const auto noise = privacy({.clip = 2, .noise = 0.5});
  const auto drawn = [&](int threads, std::int64_t round) {
    Workers workers({}, threads);
    std::vector<float> mean(200'001);
    noise->add_noise(workers, round, 0.1, {mean.data(), {1, 200'001}});
    return mean;
  };
  const std::vector<float> first = drawn(1, 0), next = drawn(1, 1);
  expect_normal(first, 2 * 0.5 * 0.1);
  EXPECT_EQ(first, drawn(3, 0));
  const double correlation =
      std::inner_product(first.begin(), first.end(), next.begin(), 0.0) / norm(first) / norm(next);
  EXPECT_NEAR(correlation, 0, 5 / std::sqrt(200'001.0));
}

TEST(Privacy, NoiseOnUploadsIsEachClientsOwn) {
  Stream stream;
  const auto noise = privacy({.clip = 2, .noise = 0.5, .local = true});
  const auto drawn = [&](ClientId id) {
    std::vector<float> values(100'001);
    const std::vector<View<float>> parts = {{values.data(), {1, 5}}, {values.data() + 5, {1, 99'996}}};
    noise->add_noise(stream, id, 0, parts);
    return values;
  };
  const std::vector<float> first = drawn(0), next = drawn(1);
  expect_normal(first, 2 * 0.5);
  const double correlation =
      std::inner_product(first.begin(), first.end(), next.begin(), 0.0) / norm(first) / norm(next);
  EXPECT_NEAR(correlation, 0, 5 / std::sqrt(100'001.0));
}

TEST(Privacy, MovesAModelThatStaysByNoiseAlone) {
  FederationCase setting(9, true);
  setting.local.optimizer.lr = 0;
  for (const bool local : {false, true}) {
    setting.privacy = privacy({.clip = 0.5, .noise = 2, .local = local});
    const std::vector<float> start = setting.initial();
    double squares = 0, count = 0;
    std::vector<float> before = start;
    test::Rounds rounds(setting);
    for (int round = 0; round < 10; ++round) {
      rounds.next({0, 2, 3, 5});
      const std::vector<float> after = rounds.global();
      for (std::size_t i = 0; i < after.size(); ++i, ++count) squares += std::pow(double(after[i] - before[i]), 2);
      before = after;
    }
    const double deviation = 0.5 * 2 / (local ? std::sqrt(4.0) : 4.0);
    EXPECT_NEAR(squares / count, deviation * deviation, 5 * deviation * deviation * std::sqrt(2 / count)) << local;
  }
}

TEST(Privacy, LeavesNoVarianceNegative) {
  FederationCase setting;
  setting.privacy = privacy({.clip = 1, .noise = 20});
  const std::vector<float> model = test::trained(setting, 1);
  std::size_t zeros = 0, variances = 0;
  for (const ParamSlot& slot : setting.network.layout().slots())
    for (std::int64_t i = 0; slot.name.ends_with("running_var") && i < slot.size(); ++i, ++variances) {
      EXPECT_GE(model[static_cast<std::size_t>(slot.offset + i)], 0);
      zeros += model[static_cast<std::size_t>(slot.offset + i)] == 0 ? 1 : 0;
    }
  EXPECT_GT(zeros, 0u);
  EXPECT_LT(zeros, variances);
}

TEST(Privacy, OfOneClientGoesByHowOftenItWasDrawn) {
  const CohortOptions cohort{.cohort = 2};
  const auto local = privacy({.clip = 1, .noise = 4, .local = true}, cohort);
  std::vector<std::int64_t> times(9);
  for (std::int64_t round = 0; round < 10; ++round) {
    for (const ClientId id : sample_cohort(9, cohort, 5, round).ids) ++times[static_cast<std::size_t>(id)];
    const double most = double(*std::max_element(times.begin(), times.end()));
    EXPECT_EQ(local->epsilon(round + 1), gaussian_curve(2).epsilon(most, 1e-5));
  }
}

TEST(Privacy, OfCoinsDividesByTheNumberExpected) {
  FederationCase setting;
  setting.local.optimizer.momentum = 0;
  const CohortOptions cohort{.cohort = 3, .sampling = "poisson"};
  setting.privacy = privacy({.clip = 100}, cohort);
  Workers workers({}, 1);
  const auto comm = test::alone();
  const auto memory = make_memory_in_ram();
  const auto moved = [&](const Cohort& drawn) {
    Engine engine(workers, *comm, setting.federation());
    Server server = initial_server(workers.stream(), setting.federation(), setting.initial());
    const RoundReport report = engine.round(drawn, server, *memory);
    EXPECT_EQ(std::isnan(report.train_loss), drawn.ids.empty());
    return report.upload_norm;
  };
  EXPECT_NEAR(moved({{4}, {1}, 3}), moved({{4}, {1}}) / 3, 1e-6);
  EXPECT_EQ(moved({{}, {}, 3}), 0);
}

TEST(Privacy, RefusesWhatMakesNoSense) {
  const auto refusal = [](const PrivacyOptions& options, const CohortOptions& cohort = {},
                          const LocalOptions& training = {}) {
    return message_of([&] { options.check(cohort, training); });
  };
  EXPECT_EQ(refusal({.clip = 1, .noise = 1}), "");
  EXPECT_THAT(refusal({.clip = -1}), HasSubstr("privacy.clip: 0 or more was expected, not -1"));
  EXPECT_THAT(refusal({.noise = 1}), HasSubstr("privacy.noise: 1 times privacy.clip, which is 0"));
  EXPECT_THAT(refusal({.clip = 1, .delta = 1}), HasSubstr("privacy.delta: a number between 0 and 1"));
  EXPECT_THAT(refusal({.clip = 1, .local = true}), HasSubstr("privacy.local: there is no noise"));
  EXPECT_THAT(refusal({.clip = 1, .noise = 1}, {.replacement = true}), HasSubstr("replacement: "));
  EXPECT_THAT(refusal({.clip = 1, .noise = 1}, {}, {.weights = "samples"}), HasSubstr("weights: uniform was expected"));
  EXPECT_EQ(refusal({.clip = 1}, {}, {.weights = "samples"}), "");
  EXPECT_THAT(refusal({}, {.sampling = "poisson"}), HasSubstr("poisson needs a privacy.clip above 0 and up to 1024"));
}

TEST(Privacy, RefusesServersThatLookAtSingleUploadsAndOtherWeights) {
  FederationCase setting;
  setting.privacy = privacy({.clip = 1, .noise = 1});
  setting.algorithm = std::make_unique<test::EveryHook>();
  EXPECT_THAT(message_of([&] { test::trained(setting); }), HasSubstr("looks at what single clients send"));
  setting.privacy = privacy({.clip = 1, .noise = 1, .local = true});
  EXPECT_EQ(message_of([&] { test::trained(setting); }), "");
}

}  // namespace
}  // namespace fedscape
