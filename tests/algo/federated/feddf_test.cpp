#include "fedscape/algo/federated/feddf.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "fedscape/algo/distill/predictor.hpp"
#include "fedscape/algo/distill/soft_labels.hpp"
#include "fedscape/nn/zoo.hpp"
#include "tests/algo/federated/rounds.hpp"

namespace fedscape {
namespace {

using test::case_of;
using test::FederationCase;

FedDf feddf(std::int64_t steps) {
  FedDf algorithm;
  algorithm.refinement.distil.steps = steps;
  return algorithm;
}

TEST(FedDf, WithoutStepsIsFedAvg) { EXPECT_EQ(test::trained(case_of(feddf(0))), test::trained(FederationCase())); }

TEST(FedDf, FeedsItsStudentBack) {
  EXPECT_NE(test::trained(case_of(feddf(3))), test::trained(FederationCase()));
  FedDf only_tested = feddf(3);
  only_tested.refinement.feed_back = false;
  EXPECT_EQ(test::trained(case_of(only_tested)), test::trained(FederationCase()));
}

/// Mean cross-entropy of softmax(logits) against the softmax of the mean of what `models` make of the data.
class Ensemble {
 public:
  Ensemble(const FederationCase& setting, const std::map<ClientId, std::vector<float>>& models) : setting_(setting) {
    for (const auto& [id, model] : models) {
      const std::vector<float> logits = predict(model);
      mean.resize(logits.size());
      for (std::size_t i = 0; i < logits.size(); ++i) mean[i] += logits[i] / static_cast<float>(models.size());
    }
  }
  double distance(const std::vector<float>& model) {
    std::vector<float> q = mean, p = predict(model);
    softmax_rows(q, setting_.data.classes()), softmax_rows(p, setting_.data.classes());
    double sum = 0;
    for (std::size_t i = 0; i < q.size(); ++i) sum -= double(q[i]) * std::log(double(p[i]));
    return sum / static_cast<double>(setting_.data.size());
  }
  std::vector<float> mean;

 private:
  std::vector<float> predict(const std::vector<float>& model) {
    Predictions seen;
    predictor_.run(stream_, to_device(stream_, model, {1, std::ssize(model)}), setting_.data, false, seen);
    return seen.logits;
  }
  const FederationCase& setting_;
  Stream stream_;
  Predictor predictor_{stream_, setting_.network};
};

TEST(FedDf, BringsTheMeanModelNearerToItsTeachers) {
  FedDf algorithm = feddf(300);
  algorithm.power = 1;
  FederationCase setting = case_of(algorithm), average;
  for (FederationCase* const each : {&setting, &average}) {
    NetworkOptions network;
    network.name = "mlp", network.hidden = "24";
    each->network = build_network(network, each->data.shape(), each->data.classes());
  }
  test::Rounds rounds(setting), averaged(average);
  averaged.next({1, 4, 7});
  const auto models = rounds.next({1, 4, 7});
  Ensemble ensemble(setting, models);
  EXPECT_LT(ensemble.distance(rounds.global()), ensemble.distance(averaged.global()));
  EXPECT_EQ(rounds.report().figures[1].value, label_accuracy(ensemble.mean, setting.data.labels()));
}

TEST(FedDf, RefusesWhatMakesNoSense) {
  FedDf algorithm = feddf(3);
  algorithm.power = 0;
  EXPECT_EQ(test::refusal_of(algorithm), "power of FedDF is 0; it must be above 0");
  algorithm = feddf(-1);
  EXPECT_EQ(test::refusal_of(algorithm), "steps of FedDF are -1; 0 to 2^24 - 1 are possible");
}

}  // namespace
}  // namespace fedscape
