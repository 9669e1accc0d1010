#include "fedscape/algo/class_counts.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "fedscape/algo/evaluate.hpp"
#include "tests/algo/federated/federation_case.hpp"

namespace fedscape {
namespace {

ClassCounts counts_of(const std::vector<int>& labels, const std::vector<int>& predicted, int classes) {
  ClassCounts counts(classes);
  for (std::size_t i = 0; i < labels.size(); ++i) counts.add(labels[i], predicted[i]);
  return counts;
}

// What scikit-learn 1.9.1 says of the same lists, times 100.
TEST(MacroF1, IsTheMeanOverTheClassesThatOccurAnywhere) {
  EXPECT_NEAR(macro_f1(counts_of({0, 1, 2, 0, 1, 2}, {0, 2, 1, 0, 0, 1}, 3)), 100 * 0.8 / 3, 1e-12);
  EXPECT_NEAR(macro_f1(counts_of({5, 5, 2}, {5, 2, 2}, 9)), 100 * 2.0 / 3, 1e-12);  // six classes occur nowhere
  EXPECT_NEAR(macro_f1(counts_of({0, 0, 0}, {0, 0, 3}, 9)), 100 * 0.8 / 2, 1e-12);  // class 3 is predicted only
}

TEST(MacroF1, OfASampleThatIsTakenForNothingCountsItsLabelOnly) {
  EXPECT_NEAR(macro_f1(counts_of({0, 1, 1}, {0, 1, -1}, 2)), 100 * (1 + 2.0 / 3) / 2, 1e-12);
}

TEST(MacroF1, OfNoSamplesIsNoNumber) { EXPECT_TRUE(std::isnan(macro_f1(ClassCounts(4)))); }

TEST(Evaluator, CountsClassesBesideTheSameSums) {
  const test::FederationCase setting;
  const std::vector<float> params = setting.initial();
  Stream stream;
  Evaluator evaluator(stream, setting.network, 1);
  evaluator.load(stream, View<const float>(params.data(), {1, std::ssize(params)}));
  const std::vector<std::int32_t> some = {4, 90, 17, 3, 199, 55, 54, 53, 12, 13, 14, 15, 16, 18, 19, 20, 21, 22, 23, 9};
  ClassCounts classes(4);
  const Metrics with = evaluator.all(stream, setting.data, some, classes);
  const Metrics without = evaluator.all(stream, setting.data, some).front();
  EXPECT_EQ(with.loss, without.loss);
  std::int64_t right = 0, predicted = 0;
  for (std::size_t c = 0; c < 4; ++c) {
    right += classes.right[c], predicted += classes.predicted[c];
    std::int64_t labelled = 0;
    for (const std::int32_t i : some) labelled += setting.data.labels()[static_cast<std::size_t>(i)] == std::int32_t(c);
    EXPECT_EQ(classes.labelled[c], labelled);
  }
  EXPECT_EQ(right, without.correct);
  EXPECT_EQ(predicted, std::ssize(some));
}

}  // namespace
}  // namespace fedscape
