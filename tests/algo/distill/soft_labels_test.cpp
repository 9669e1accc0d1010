#include "fedscape/algo/distill/soft_labels.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "tests/support/devices.hpp"
#include "tests/support/message_of.hpp"

namespace fedscape {
namespace {

using Rows = std::vector<float>;

Rows softmax_of(Rows rows, std::int64_t classes) {
  softmax_rows(rows, classes);
  return rows;
}

Rows rectified(Rows logits, std::int64_t classes, std::int64_t batch) {
  rectify(logits, classes, batch);
  return logits;
}

double deviation(std::span<const float> values) {
  const auto n = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double squares = 0;
  for (const float v : values) squares += std::pow(double(v) - mean, 2);
  return std::sqrt(squares / (n - 1));
}

TEST(Rectify, GivesEveryRunOfSamplesADeviationOf1) {
  const Rows logits = test::random_floats(10 * 4, 1, -30, 50), seen = rectified(logits, 4, 3);
  for (const std::size_t begin : {0, 12, 24}) EXPECT_NEAR(deviation(std::span(seen).subspan(begin, 12)), 1, 1e-6);
  EXPECT_NEAR(deviation(std::span(seen).subspan(36)), 1, 1e-6);  // the last sample by itself
  EXPECT_NEAR(deviation(rectified(logits, 4, 0)), 1, 1e-6);
  const double first = deviation(std::span(logits).first(12));
  for (std::size_t i = 0; i < 12; ++i) EXPECT_NEAR(seen[i], logits[i] / first, 1e-5);
}

TEST(Rectify, MakesATeachersLabelsIndependentOfItsScale) {
  const Rows logits = test::random_floats(20 * 5, 2);
  Rows large = logits;
  for (float& z : large) z *= 10;
  const Rows labels = softmax_of(rectified(logits, 5, 8), 5), same = softmax_of(rectified(large, 5, 8), 5);
  for (std::size_t i = 0; i < labels.size(); ++i) EXPECT_NEAR(labels[i], same[i], 5e-7);  // 1e-8 beside a deviation
  EXPECT_GT(std::abs(softmax_of(logits, 5)[0] - softmax_of(large, 5)[0]), 0.01);
}

TEST(Rectify, OfEqualLogitsIsFinite) {
  for (const float z : rectified(Rows(6, 2.0f), 3, 0)) EXPECT_EQ(z, 2e8f);
  EXPECT_EQ(rectified({3.0f}, 1, 0), Rows{3e8f});
}

TEST(SoftmaxRows, SumTo1AndDoNotSeeTheMean) {
  const Rows logits = test::random_floats(6 * 7, 3, -5, 5), p = softmax_of(logits, 7);
  Rows centred = logits;
  centre_rows(centred, 7);
  const Rows same = softmax_of(centred, 7);
  for (std::size_t i = 0; i < p.size(); i += 7) {
    EXPECT_NEAR(std::accumulate(&p[i], &p[i] + 7, 0.0), 1, 1e-6);
    EXPECT_NEAR(std::accumulate(&centred[i], &centred[i] + 7, 0.0), 0, 1e-5);
    double sum = 0;
    for (std::size_t c = 0; c < 7; ++c) sum += std::exp(double(logits[i + c]));
    for (std::size_t c = 0; c < 7; ++c) {
      EXPECT_NEAR(p[i + c], std::exp(double(logits[i + c])) / sum, 1e-7);
      EXPECT_NEAR(p[i + c], same[i + c], 1e-6);
    }
  }
  for (const float q : softmax_of({3e38f, -3e38f, 0}, 3)) EXPECT_TRUE(std::isfinite(q));
}

TEST(Entropy, IsThatOfTheRow) {
  Rows entropies(2);
  entropy_of_rows(Rows{0.25f, 0.25f, 0.25f, 0.25f, 0, 1, 0, 0}, 4, entropies);
  EXPECT_NEAR(entropies[0], std::log(4.0), 1e-6);
  EXPECT_NEAR(entropies[1], 0, 1e-6);
}

TEST(Sharpen, RaisesToThePowerAndSumsTo1) {
  Rows rows = {0.5f, 0.3f, 0.2f, 0, 0, 3};
  sharpen_rows(rows, 3, 0.75);
  const double sum = std::pow(0.5, 0.75) + std::pow(0.3, 0.75) + std::pow(0.2, 0.75);
  EXPECT_NEAR(rows[0], std::pow(0.5, 0.75) / sum, 1e-6);
  EXPECT_NEAR(rows[2], std::pow(0.2, 0.75) / sum, 1e-6);
  EXPECT_NEAR(rows[3], std::pow(1e-8 / 3, 0.75), 1e-9);
  Rows unnormalised = {0.1f, 0.05f, 0.05f};
  sharpen_rows(unnormalised, 3, 1);
  EXPECT_NEAR(unnormalised[0], 0.5, 1e-6);
}

/// 3 clusters of 4 samples around the axes, apart by far more than they are wide.
Rows clusters() {
  Rows features = test::random_floats(12 * 5, 4, -0.1f, 0.1f);
  for (std::size_t i = 0; i < 12; ++i) features[i * 5 + i % 3] += static_cast<float>(1 + i);  // of any length
  return features;
}

TEST(Refinery, LeavesPerfectLabelsOfSeparatedClustersWhereTheyAre) {
  Rows labels(12 * 3);
  std::vector<std::int32_t> truth(12);
  for (std::size_t i = 0; i < 12; ++i) truth[i] = static_cast<std::int32_t>(i % 3), labels[i * 3 + i % 3] = 1;
  refine_labels(labels, 3, clusters());
  EXPECT_EQ(label_accuracy(labels, truth), 100);
  for (std::size_t i = 0; i < 12; ++i) {
    EXPECT_GT(labels[i * 3 + i % 3], 0.99f);  // e^-8 beside 1 for each other class
    EXPECT_NEAR(std::accumulate(&labels[i * 3], &labels[i * 3] + 3, 0.0), 1, 1e-6);
  }
}

TEST(Refinery, MendsALabelThatItsClusterContradicts) {
  Rows labels(12 * 3, 0.1f);
  for (std::size_t i = 0; i < 12; ++i) labels[i * 3 + i % 3] = 0.8f;
  std::swap(labels[0], labels[1]);  // sample 0 is taken for class 1
  refine_labels(labels, 3, clusters());
  EXPECT_GT(labels[0], labels[1]);
}

TEST(Refinery, LeavesOutAClassWithoutMass) {
  Rows labels = {1, 0, 0, 1, 0, 0};
  refine_labels(labels, 3, Rows{1, 0, 0, 1});
  EXPECT_EQ(labels, (Rows{1, 0, 0, 1, 0, 0}));
  Rows none(6);
  EXPECT_EQ(test::message_of([&] {
              refine_labels(none, 3, Rows{1, 0, 0, 1});
            }),
            "label refinery: no class has labels that sum to more than 1e-06");
}

TEST(Refinery, DoesNotSeeTheScaleOfLabelsOrFeatures) {
  Rows labels = softmax_of(test::random_floats(12 * 3, 5), 3), features = clusters();
  Rows scaled = labels;
  refine_labels(labels, 3, features);
  for (float& q : scaled) q /= 12;
  for (float& h : features) h *= 100;
  refine_labels(scaled, 3, features);
  for (std::size_t i = 0; i < labels.size(); ++i) EXPECT_NEAR(labels[i], scaled[i], 1e-6);
}

TEST(LabelAccuracy, GivesTiesToTheLowerClass) {
  const Rows rows = {1, 1, 0, 0, 2, 1};
  EXPECT_EQ(label_accuracy(rows, std::vector<std::int32_t>{0, 1}), 100);
  EXPECT_EQ(label_accuracy(rows, std::vector<std::int32_t>{1, 1}), 50);
}

}  // namespace
}  // namespace fedscape
