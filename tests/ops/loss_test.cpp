#include "fedscape/ops/loss.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "tests/support/devices.hpp"

namespace fedscape {
namespace {

constexpr int kModels = 3, kSize = 5, kClasses = 7;
const std::vector<int> kCounts = {5, 0, 3};
const Batch kBatch = {kModels, kSize, kCounts};
const Shape kLogits = {kModels, kSize, kClasses}, kLabels = {kModels, kSize};
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

std::vector<std::int32_t> some_labels() {
  std::vector<std::int32_t> labels(kModels * kSize);
  for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<std::int32_t>(i * 3 % kClasses);
  return labels;
}

/// Probabilities of one sample, in double.
std::vector<double> softmax(const float* z, int C) {
  const double peak = *std::max_element(z, z + C);
  std::vector<double> p(static_cast<std::size_t>(C));
  double sum = 0;
  for (int c = 0; c < C; ++c) sum += p[c] = std::exp(z[c] - peak);
  for (double& value : p) value /= sum;
  return p;
}

class Loss : public test::OnDevice {
 protected:
  /// What add_scores adds to zeros, of labels that all models share.
  std::vector<ops::Score> score(const Batch& batch, const Tensor<float>& logits, const std::vector<int>& labels) {
    const Tensor<ops::Score> scores = device(std::vector<ops::Score>(batch.models), {batch.models});
    ops::add_scores(stream, batch, logits, device(labels, {1, batch.size}), scores);
    return host(scores);
  }
  /// Loss and gradient of one sample of C classes.
  std::pair<float, std::vector<float>> cross_entropy_of(const std::vector<float>& logits, std::int32_t label) {
    const auto C = static_cast<std::int64_t>(logits.size());
    const std::vector<int> one = {1};
    Tensor<float> z = device(logits, {1, 1, C}), loss(stream, {1});
    ops::softmax_cross_entropy(stream, {1, 1, one}, z, device(std::vector{label}, {1, 1}), loss, z);
    return {host(loss)[0], host(z)};
  }
};

TEST_P(Loss, CrossEntropyAndItsGradientMatchDoublePrecision) {
  const auto z = test::random_floats(kLogits.size(), 1, -3, 3);
  const auto labels = some_labels();
  Tensor<float> loss(stream, {kModels}), dz(stream, kLogits);
  ops::softmax_cross_entropy(stream, kBatch, device(z, kLogits), device(labels, kLabels), loss, dz);
  const auto losses = host(loss), gradient = host(dz);
  for (int m = 0; m < kModels; ++m) {
    double expected = 0;
    for (int b = 0; b < kCounts[m]; ++b) {
      const int at = m * kSize + b;
      const auto p = softmax(&z[at * kClasses], kClasses);
      expected -= std::log(p[labels[at]]) / kCounts[m];
      for (int c = 0; c < kClasses; ++c)
        EXPECT_NEAR(gradient[at * kClasses + c], (p[c] - (c == labels[at])) / kCounts[m], 5e-7);
    }
    EXPECT_NEAR(losses[m], expected, 1e-6) << m;  // a few float roundings of values up to 6
  }
}

TEST_P(Loss, SoftmaxIsThatOfTheLogitsOverTheTemperature) {
  const auto z = test::random_floats(kLogits.size(), 2, -30, 30);
  std::vector<float> cooler = z;
  for (float& x : cooler) x /= 4;
  Tensor<float> p(stream, kLogits);
  ops::softmax(stream, kBatch, 4, device(z, kLogits), p);
  const auto probabilities = host(p);
  for (int m = 0; m < kModels; ++m)
    for (int b = 0; b < kCounts[m]; ++b) {
      const int at = (m * kSize + b) * kClasses;
      const auto expected = softmax(&cooler[at], kClasses);
      for (int c = 0; c < kClasses; ++c) EXPECT_NEAR(probabilities[at + c], expected[c], 1e-6);
    }
}

TEST_P(Loss, CrossEntropyStaysFiniteForHugeLogits) {
  EXPECT_EQ(cross_entropy_of({1e3f, -1e3f, 3e4f}, 2).first, 0.0f);
  const auto [loss, gradient] = cross_entropy_of({1e3f, -1e3f, 3e4f}, 1);
  EXPECT_EQ(loss, 31000.0f);
  EXPECT_EQ(gradient, (std::vector<float>{0, -1, 1}));
}

TEST_P(Loss, CrossEntropyShowsNanWhereverItStands) {
  for (int at = 0; at < 3; ++at) {
    std::vector<float> logits = {1, 2, 3};
    logits[static_cast<std::size_t>(at)] = kNan;
    const auto [loss, gradient] = cross_entropy_of(logits, 1);
    EXPECT_TRUE(std::isnan(loss)) << at;
    for (const float d : gradient) EXPECT_TRUE(std::isnan(d)) << at;
  }
}

TEST_P(Loss, AdjustedCrossEntropyIsThatOfScaledAndShiftedLogits) {
  const auto z = test::random_floats(kLogits.size(), 1, -3, 3);
  const auto scale = test::random_floats(kModels * kClasses, 2, 0, 1),
             shift = test::random_floats(kModels * kClasses, 3);
  const auto labels = some_labels();
  Tensor<float> loss(stream, {kModels}), dz(stream, kLogits);
  ops::adjusted_cross_entropy(stream, kBatch, device(z, kLogits), device(labels, kLabels),
                              device(scale, {kModels, kClasses}), device(shift, {kModels, kClasses}), loss, dz);
  const auto losses = host(loss), gradient = host(dz);
  for (int m = 0; m < kModels; ++m) {
    double expected = 0;
    for (int b = 0; b < kCounts[m]; ++b) {
      const int at = m * kSize + b;
      float adjusted[kClasses];
      for (int c = 0; c < kClasses; ++c)
        adjusted[c] = scale[m * kClasses + c] * z[at * kClasses + c] + shift[m * kClasses + c];
      const auto p = softmax(adjusted, kClasses);
      expected -= std::log(p[labels[at]]) / kCounts[m];
      for (int c = 0; c < kClasses; ++c)
        EXPECT_NEAR(gradient[at * kClasses + c], scale[m * kClasses + c] * (p[c] - (c == labels[at])) / kCounts[m],
                    5e-7);
    }
    EXPECT_NEAR(losses[m], expected, 1e-6) << m;  // as above
  }
}

TEST_P(Loss, AdjustedByNothingIsCrossEntropyToTheBit) {
  const Tensor<float> z = device(test::random_floats(kLogits.size(), 4, -3, 3), kLogits);
  const Tensor<std::int32_t> labels = device(some_labels(), kLabels);
  const std::vector<int> full(kModels, kSize);
  const Batch batch{kModels, kSize, full};
  Tensor<float> loss(stream, {kModels}), dz(stream, kLogits), plain(stream, {kModels}), dplain(stream, kLogits);
  ops::softmax_cross_entropy(stream, batch, z, labels, plain, dplain);
  for (const bool given : {false, true}) {
    const Tensor<float> one = device(std::vector<float>(kModels * kClasses, 1.0f), {kModels, kClasses});
    const Tensor<float> zero = device(std::vector<float>(kModels * kClasses), {kModels, kClasses});
    ops::adjusted_cross_entropy(stream, batch, z, labels, given ? one : View<const float>(),
                                given ? zero : View<const float>(), loss, dz);
    EXPECT_EQ(host(loss), host(plain));
    EXPECT_EQ(host(dz), host(dplain));
  }
}

TEST_P(Loss, AdjustedLeavesOutAClassAtMinusInfinity) {
  const std::vector<int> one = {1};
  const float infinity = std::numeric_limits<float>::infinity();
  Tensor<float> z = device(std::vector<float>{1, 50, 2}, {1, 1, 3}), loss(stream, {1});
  ops::adjusted_cross_entropy(stream, {1, 1, one}, z, device(std::vector{0}, {1, 1}), {},
                              device(std::vector<float>{0, -infinity, 0}, {1, 3}), loss, z);
  const auto [expected, gradient] = cross_entropy_of({1, 2}, 0);
  EXPECT_EQ(host(loss)[0], expected);
  EXPECT_EQ(host(z), (std::vector<float>{gradient[0], 0, gradient[1]}));
}

TEST_P(Loss, SquaredErrorAndItsGradientMatchDoublePrecision) {
  const auto z = test::random_floats(kLogits.size(), 2);
  const auto labels = some_labels();
  Tensor<float> loss(stream, {kModels}), dz(stream, kLogits);
  ops::squared_error(stream, kBatch, device(z, kLogits), device(labels, kLabels), loss, dz);
  const auto losses = host(loss), gradient = host(dz);
  for (int m = 0; m < kModels; ++m) {
    double expected = 0;
    for (int i = m * kSize * kClasses; i < (m * kSize + kCounts[m]) * kClasses; ++i) {
      const double error = z[i] - (i % kClasses == labels[i / kClasses]), terms = kCounts[m] * kClasses;
      expected += error * error / terms;
      EXPECT_NEAR(gradient[i], 2 * error / terms, 1e-7);
    }
    EXPECT_NEAR(losses[m], expected, 1e-6);
  }
}

TEST_P(Loss, ScoreSumsWhatEvaluationReports) {
  const auto z = test::random_floats(kLogits.size(), 3, -3, 3);
  const std::vector<std::int32_t> labels = {0, 6, 3, 1, 2};
  const auto scores = score(kBatch, device(z, kLogits), labels);
  for (int m = 0; m < kModels; ++m) {
    ops::Score expected;
    for (int b = 0; b < kCounts[m]; ++b) {
      const float* const row = &z[(m * kSize + b) * kClasses];
      const auto p = softmax(row, kClasses);
      expected.loss -= std::log(p[labels[b]]);
      expected.confidence += *std::max_element(p.begin(), p.end());
      int above = 0;
      for (int c = 0; c < kClasses; ++c) {
        above += row[c] > row[labels[b]];
        expected.squared += std::pow(double(row[c]) - (c == labels[b]), 2) / kClasses;
      }
      expected.correct += above == 0;
      expected.correct5 += above < 5;
    }
    EXPECT_NEAR(scores[m].loss, expected.loss, 1e-12 * kSize);
    EXPECT_NEAR(scores[m].confidence, expected.confidence, 1e-12 * kSize);
    EXPECT_NEAR(scores[m].squared, expected.squared, 1e-11 * kSize);
    EXPECT_EQ(scores[m].correct, expected.correct);
    EXPECT_EQ(scores[m].correct5, expected.correct5);
    EXPECT_EQ(scores[m].count, kCounts[m]);
  }
}

TEST_P(Loss, ScoresAreAddedToWhatIsThere) {
  const std::vector<float> z = {1, 1, 0, /**/ 1, 1, 0, /**/ 5, 2, 3};
  const std::vector<int> counts = {3};
  const Tensor<float> logits = device(z, {1, 3, 3});
  const auto once = score({1, 3, counts}, logits, {0, 1, 0});
  const Tensor<ops::Score> scores = device(once, {1});
  ops::add_scores(stream, {1, 3, counts}, logits, device(std::vector{0, 1, 0}, {1, 3}), scores);
  const ops::Score twice = host(scores)[0];
  EXPECT_EQ(twice.loss, once[0].loss + once[0].loss);
  EXPECT_EQ(twice.confidence, once[0].confidence + once[0].confidence);
  EXPECT_EQ(twice.correct, 2 * once[0].correct);
  EXPECT_EQ(twice.count, 6);
}

TEST_P(Loss, ScoreGivesTiesToTheLowerClassAndMeasuresTheMargin) {
  const std::vector<float> z = {1, 1, 0, /**/ 1, 1, 0, /**/ 5, 2, 3};
  const std::vector<int> counts = {3};
  const auto scores = score({1, 3, counts}, device(z, {1, 3, 3}), {0, 1, 0});
  EXPECT_EQ(scores[0].correct, 2);  // the first and the last
  EXPECT_EQ(scores[0].margin, 0 + 0 + 2);
}

TEST_P(Loss, ScoreNeverCountsANanAsCorrect) {
  const std::vector<float> z = {kNan, 1, /**/ 2, kNan, /**/ kNan, kNan};
  const std::vector<int> counts = {3};
  const auto scores = score({1, 3, counts}, device(z, {1, 3, 2}), {0, 0, 0});
  EXPECT_EQ(scores[0].correct + scores[0].correct5, 0);
  EXPECT_EQ(scores[0].count, 3);
  for (const double value : {scores[0].loss, scores[0].margin, scores[0].confidence}) EXPECT_TRUE(std::isnan(value));
}

TEST_P(Loss, PredictsTheLowestOfTheClassesThatScoreRanksFirst) {
  constexpr float kInf = std::numeric_limits<float>::infinity();
  const std::vector<float> z = {0,      2,         1, /**/ 1,     1,      0,    /**/ -kInf, -3,
                                -2,     /**/ kNan, 1, 0,          /**/ 5, 1,    kNan,
                                /**/ 0, kInf,      0, /**/ -kInf, -kInf,  -kInf};
  const std::vector<int> counts = {7};
  Tensor<std::int32_t> classes(stream, {1, 7});
  const Tensor<float> logits = device(z, {1, 7, 3});
  ops::predict(stream, {1, 7, counts}, logits, classes);
  const std::vector<std::int32_t> predicted = host(classes);
  EXPECT_EQ(predicted, (std::vector<std::int32_t>{1, 0, 2, -1, -1, -1, -1}));
  for (int label = 0; label < 3; ++label) {  // and the scores agree
    const auto scores = score({1, 7, counts}, logits, std::vector(7, label));
    EXPECT_EQ(scores[0].correct, std::count(predicted.begin(), predicted.end(), label));
  }
}

FEDSCAPE_ON_DEVICES(Loss);

}  // namespace
}  // namespace fedscape
