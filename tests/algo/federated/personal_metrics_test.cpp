#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "fedscape/algo/federated/fedper.hpp"
#include "tests/algo/federated/rounds.hpp"

namespace fedscape {
namespace {

constexpr std::size_t kFeatures = 6, kClasses = 4;

/// What a linear model [weights, biases] takes sample i for, in double.
int class_of(const test::FederationCase& setting, const std::vector<float>& model, std::int32_t i) {
  const float* const x = static_cast<const float*>(setting.data.samples()) + static_cast<std::size_t>(i) * kFeatures;
  double best = -HUGE_VAL;
  int best_class = 0;
  for (std::size_t c = 0; c < kClasses; ++c) {
    double z = model[kClasses * kFeatures + c];
    for (std::size_t f = 0; f < kFeatures; ++f) z += double(model[c * kFeatures + f]) * double(x[f]);
    if (z > best) best = z, best_class = static_cast<int>(c);
  }
  return best_class;
}

/// Accuracy and macro-F1 in percent by precision and recall.
struct Plain {
  double accuracy = 0, f1 = 0;
};
Plain plain(const std::vector<int>& labels, const std::vector<int>& predicted) {
  Plain result;
  double classes = 0;
  const double n = static_cast<double>(labels.size());
  for (int c = 0; c < static_cast<int>(kClasses); ++c) {
    double both = 0, of_class = 0, taken = 0;
    for (std::size_t i = 0; i < labels.size(); ++i)
      both += labels[i] == c && predicted[i] == c, of_class += labels[i] == c, taken += predicted[i] == c;
    if (of_class + taken == 0) continue;
    ++classes;
    result.accuracy += 100 * both / n;
    if (both > 0) result.f1 += 100 * 2 / (of_class / both + taken / both);
  }
  result.f1 /= classes;
  return result;
}

class PersonalMetricsOfClients : public ::testing::Test {
 protected:
  PersonalMetricsOfClients() {  // larger test sets, of which one is empty
    std::vector<std::vector<std::int32_t>> tests(9);
    for (std::int32_t i = 0; i < 120; ++i) tests[static_cast<std::size_t>(i * i % 8)].push_back(i);
    setting.clients.test = test::replaced(setting.clients.test, tests);
  }
  test::FederationCase setting = test::case_of(FedPer(), true);
};

TEST_F(PersonalMetricsOfClients, AreMeansOverThoseWithTestSamples) {
  test::Rounds rounds(setting);
  rounds.next({0, 1, 2, 3, 4, 5, 6, 7, 8});
  Plain expected;
  double clients = 0;
  for (ClientId id = 0; id < 9; ++id) {
    std::vector<int> labels, predicted;
    for (const std::int32_t i : setting.clients.test[static_cast<std::size_t>(id)]) {
      labels.push_back(setting.data.labels()[static_cast<std::size_t>(i)]);
      predicted.push_back(class_of(setting, rounds.memory_of(id), i));  // a linear model is all classifier
    }
    if (labels.empty()) continue;
    const Plain own = plain(labels, predicted);
    expected.accuracy += own.accuracy, expected.f1 += own.f1, ++clients;
  }
  ASSERT_LT(clients, 9);
  const PersonalMetrics personal = rounds.personal_by_client();
  EXPECT_NEAR(personal.client_accuracy, expected.accuracy / clients, 1e-10);
  EXPECT_NEAR(personal.client_f1, expected.f1 / clients, 1e-10);
  EXPECT_GT(personal.client_f1, 10);
  EXPECT_NE(personal.client_accuracy, metric(personal.samples, "accuracy"));  // which counts samples, not clients
}

TEST_F(PersonalMetricsOfClients, AreNoNumbersWithoutTestSamples) {
  setting.clients.test = test::replaced(setting.clients.test, std::vector<std::vector<std::int32_t>>(9));
  const PersonalMetrics personal = test::Rounds(setting).personal_by_client();
  EXPECT_TRUE(std::isnan(personal.client_accuracy) && std::isnan(personal.client_f1));
  EXPECT_EQ(personal.samples.count, 0);
}

}  // namespace
}  // namespace fedscape
