#include "fedscape/algo/federated/ccvr.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <numeric>

#include "tests/algo/federated/rounds.hpp"
#include "tests/support/message_of.hpp"

namespace fedscape {
namespace {

using test::FederationCase;

constexpr std::size_t kFeatures = 6, kClasses = 4;

ClassGaussians gaussians_of(const FederationCase& setting, const std::vector<float>& params) {
  Workers workers({}, 1);
  const auto comm = test::alone();
  return class_gaussians(workers, *comm, setting.network, {params.data(), {1, std::ssize(params)}}, setting.data,
                         setting.clients);
}

/// Number, mean and covariance of a client's samples of a class, in double.
struct Own {
  double n = 0;
  std::vector<double> mean = std::vector<double>(kFeatures);
  std::vector<double> covariance = std::vector<double>(kFeatures * kFeatures);
};
Own own_of(const FederationCase& setting, std::size_t client, std::int32_t label) {
  Own own;
  std::vector<const float*> rows;
  for (const std::int32_t i : setting.clients.train[client])
    if (setting.data.labels()[static_cast<std::size_t>(i)] == label)
      rows.push_back(static_cast<const float*>(setting.data.samples()) + static_cast<std::size_t>(i) * kFeatures);
  own.n = static_cast<double>(rows.size());
  for (const float* const x : rows)
    for (std::size_t f = 0; f < kFeatures; ++f) own.mean[f] += double(x[f]) / own.n;
  for (const float* const x : rows)
    for (std::size_t i = 0; i < kFeatures * kFeatures && own.n > 1; ++i)
      own.covariance[i] += (double(x[i / kFeatures]) - own.mean[i / kFeatures]) *
                           (double(x[i % kFeatures]) - own.mean[i % kFeatures]) / (own.n - 1);
  return own;
}

// The features of a linear model are the samples.
TEST(Ccvr, PoolsClientsStatisticsByThePapersFormula) {
  const FederationCase setting(9, true);
  const ClassGaussians pooled = gaussians_of(setting, setting.initial());
  for (std::size_t c = 0; c < kClasses; ++c) {
    double n = 0;
    std::vector<double> mean(kFeatures), second(kFeatures * kFeatures);
    for (std::size_t k = 0; k < 9; ++k) {
      const Own own = own_of(setting, k, static_cast<std::int32_t>(c));
      n += own.n;
      for (std::size_t f = 0; f < kFeatures; ++f) mean[f] += own.n * own.mean[f];
      for (std::size_t i = 0; i < second.size(); ++i)
        second[i] += (own.n - 1) * own.covariance[i] + own.n * own.mean[i / kFeatures] * own.mean[i % kFeatures];
    }
    for (double& x : mean) x /= n;
    EXPECT_EQ(double(pooled.samples[c]), n);
    for (std::size_t f = 0; f < kFeatures; ++f)  // what clients send are floats, of a magnitude of 1
      EXPECT_NEAR(pooled.mean[c * kFeatures + f], mean[f], 1e-6);
    for (std::size_t i = 0, next = c * 21; i < kFeatures; ++i)
      for (std::size_t j = 0; j <= i; ++j)
        EXPECT_NEAR(pooled.covariance[next++], (second[i * kFeatures + j] - n * mean[i] * mean[j]) / (n - 1), 1e-5);
  }
}

TEST(Ccvr, SeesFeaturesAsInEvaluation) {
  const FederationCase setting;  // with a batch norm and dropout
  const std::vector<float> params = setting.initial();
  const ClassGaussians pooled = gaussians_of(setting, params);
  Stream stream;
  InferencePlan plan(stream, setting.network, 1, 1);
  plan.load(stream, View<const float>(params.data(), {1, std::ssize(params)}));
  std::vector<double> sums(kClasses * 11);
  for (std::size_t k = 0; k < 9; ++k)
    for (const std::int32_t i : setting.clients.train[k]) {
      const float* const x =
          static_cast<const float*>(setting.data.samples()) + static_cast<std::size_t>(i) * kFeatures;
      const View<const float> sample(x, setting.data.shape().under(1).under(1));
      const std::vector<float> h = to_host(stream, plan.forward(stream, sample).features);
      const auto label = static_cast<std::size_t>(setting.data.labels()[static_cast<std::size_t>(i)]);
      for (std::size_t f = 0; f < 11; ++f) sums[label * 11 + f] += double(h[f]);
    }
  for (std::size_t i = 0; i < sums.size(); ++i)
    EXPECT_NEAR(pooled.mean[i], sums[i] / double(pooled.samples[i / 11]), 2e-6);
}

/// Three classes of two features: a slanted one, one of a single sample, one that nobody has.
ClassGaussians three_classes() {
  return {3, 2, {9, 1, 0}, {1, -2, 5, 6, 0, 0}, {4, 1.2, 0.36 + 0.25, 0, 0, 0, 0, 0, 0}};
}

TEST(Ccvr, DrawsFeaturesOfTheMeansAndCovariances) {
  constexpr std::int64_t kCount = 20000;
  const Dataset data = virtual_features(three_classes(), kCount, 3);
  ASSERT_EQ(data.size(), 2 * kCount);  // none of the class that nobody has
  const auto* const x = static_cast<const float*>(data.samples());
  double mean[2] = {}, square[3] = {};
  for (std::int64_t i = 0; i < kCount; ++i) {
    EXPECT_EQ(data.labels()[static_cast<std::size_t>(i)], 0);
    const double a = double(x[2 * i]) - 1, b = double(x[2 * i + 1]) + 2;
    mean[0] += a / kCount, mean[1] += b / kCount;
    square[0] += a * a / kCount, square[1] += a * b / kCount, square[2] += b * b / kCount;
  }
  // Five standard errors: of a mean sd / sqrt(n), of a second moment at most sqrt(2) variances / sqrt(n).
  const double error = 5 / std::sqrt(double(kCount));
  EXPECT_NEAR(mean[0], 0, 2 * error);
  EXPECT_NEAR(mean[1], 0, 0.8 * error);
  EXPECT_NEAR(square[0], 4, std::sqrt(2) * 4 * error);
  EXPECT_NEAR(square[1], 1.2, 2 * 4 * error);
  EXPECT_NEAR(square[2], 0.61, std::sqrt(2) * 0.61 * error);
}

TEST(Ccvr, DrawsAClassOfASingleSampleAsItIs) {
  const Dataset data = virtual_features(three_classes(), 10, 3);
  const auto* const x = static_cast<const float*>(data.samples());
  for (std::int64_t i = 10; i < 20; ++i) {
    EXPECT_EQ(data.labels()[static_cast<std::size_t>(i)], 1);
    EXPECT_EQ(x[2 * i], 5);
    EXPECT_EQ(x[2 * i + 1], 6);
  }
}

TEST(Ccvr, TrainsTheClassifierAloneByTheGradientOnVirtualFeatures) {
  FederationCase setting(9, true);
  const std::vector<float> before = setting.initial();
  const ClassGaussians gaussians = gaussians_of(setting, before);
  CcvrOptions options{.virtual_samples = 5, .batch = 20, .epochs = 1, .lr = 0.5, .momentum = 0};  // one step on all
  Stream stream;
  const std::vector<float> after = calibrated(stream, setting.network, before, gaussians, options, 8);
  setting.data = virtual_features(gaussians, 5, 8);
  std::vector<std::int32_t> all(20);
  std::iota(all.begin(), all.end(), 0);
  const std::vector<double> gradient = test::linear_gradient(setting, all, {before.begin(), before.end()});
  for (std::size_t i = 0; i < before.size(); ++i) EXPECT_NEAR(after[i], double(before[i]) - 0.5 * gradient[i], 1e-6);
}

TEST(Ccvr, LeavesTheFeaturesAndWithoutRateEverything) {
  const FederationCase setting;
  const std::vector<float> before = setting.initial();
  const ClassGaussians gaussians = gaussians_of(setting, before);
  Stream stream;
  CcvrOptions options;
  const std::vector<float> after = calibrated(stream, setting.network, before, gaussians, options, 8);
  for (const ParamSlot& slot : setting.network.layout().slots())
    for (std::int64_t i = slot.offset; i < slot.offset + slot.size(); ++i)
      EXPECT_EQ(after[static_cast<std::size_t>(i)] != before[static_cast<std::size_t>(i)],
                slot.group == ParamGroup::classifier)
          << slot.name;
  options.lr = 0;
  EXPECT_EQ(calibrated(stream, setting.network, before, gaussians, options, 8), before);
}

TEST(Ccvr, MendsAClassifierThatKnowsOneClassOnly) {
  const FederationCase setting;
  std::vector<float> params = setting.initial();
  const ParamSlot& bias = setting.network.layout()[setting.network.layout().find("classifier.bias")];
  params[static_cast<std::size_t>(bias.offset)] += 10;
  Stream stream;
  const auto accuracy = [&](const std::vector<float>& model) {
    Evaluator evaluator(stream, setting.network, 1);
    evaluator.load(stream, View<const float>(model.data(), {1, std::ssize(model)}));
    return metric(evaluator.all(stream, setting.data)[0], "accuracy");
  };
  CcvrOptions options;
  options.lr = 0.1;
  const auto mended = calibrated(stream, setting.network, params, gaussians_of(setting, params), options, 8);
  EXPECT_LT(accuracy(params), 40);
  EXPECT_GT(accuracy(mended), accuracy(params) + 20);
}

TEST(Ccvr, NamesTheClientWhoseFeaturesAreNoNumbers) {
  const FederationCase setting;
  std::vector<float> params = setting.initial();
  params[0] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(test::message_of([&] { gaussians_of(setting, params); }), testing::HasSubstr("client "));
}

TEST(Ccvr, RefusesWhatMakesNoSense) {
  const auto refusal = [](CcvrOptions options) { return test::message_of([&] { options.check(); }); };
  EXPECT_THAT(refusal({.virtual_samples = 0}), testing::HasSubstr("virtual-samples is 0; it must be in 1..1000000"));
  EXPECT_THAT(refusal({.momentum = 1}), testing::HasSubstr("calibration-momentum is 1; it must be in [0,1)"));
}

}  // namespace
}  // namespace fedscape
