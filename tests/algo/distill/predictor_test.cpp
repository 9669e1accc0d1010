#include "fedscape/algo/distill/predictor.hpp"

#include <gtest/gtest.h>

#include "fedscape/algo/distill/soft_labels.hpp"
#include "fedscape/algo/evaluate.hpp"
#include "tests/algo/federated/federation_case.hpp"

namespace fedscape {
namespace {

TEST(Predictor, SeesWhatEvaluationSees) {
  const test::FederationCase setting;
  Stream stream;
  const Tensor<float> params = to_device(stream, setting.initial(), {1, setting.network.layout().size()});
  Predictions seen;
  Predictor(stream, setting.network).run(stream, params, setting.data, true, seen);
  EXPECT_EQ(std::ssize(seen.logits), setting.data.size() * setting.data.classes());
  EXPECT_EQ(std::ssize(seen.features), setting.data.size() * setting.network.features());
  Evaluator evaluator(stream, setting.network, 1);
  evaluator.load(stream, params);
  EXPECT_EQ(label_accuracy(seen.logits, setting.data.labels()),
            metric(evaluator.all(stream, setting.data).front(), "accuracy"));
}

TEST(Predictor, GivesTheLogitsOfTheFeaturesThatItGives) {
  const test::FederationCase setting;
  Stream stream;
  const std::vector<float> params = setting.initial();
  Predictions seen;
  Predictor(stream, setting.network)
      .run(stream, to_device(stream, params, {1, setting.network.layout().size()}), setting.data, true, seen);
  const ParamLayout& layout = setting.network.layout();
  const float* const weight = &params[static_cast<std::size_t>(layout[layout.find("classifier.weight")].offset)];
  const float* const bias = &params[static_cast<std::size_t>(layout[layout.find("classifier.bias")].offset)];
  const std::int64_t C = setting.data.classes(), F = setting.network.features();
  for (const std::int64_t i : {std::int64_t{0}, std::int64_t{17}, setting.data.size() - 1})
    for (std::int64_t c = 0; c < C; ++c) {
      double z = double(bias[c]);
      for (std::int64_t f = 0; f < F; ++f) z += double(weight[c * F + f]) * double(seen.features.at(i * F + f));
      EXPECT_NEAR(seen.logits.at(i * C + c), z, 1e-5);
    }
}

TEST(Predictor, KeepsNoFeaturesUnlessAsked) {
  const test::FederationCase setting;
  Stream stream;
  const Tensor<float> params = to_device(stream, setting.initial(), {1, setting.network.layout().size()});
  Predictor predictor(stream, setting.network);
  Predictions seen;
  predictor.run(stream, params, setting.data, true, seen);
  const std::vector<float> logits = seen.logits;
  predictor.run(stream, params, setting.data, false, seen);
  EXPECT_TRUE(seen.features.empty());
  EXPECT_EQ(seen.logits, logits);
}

}  // namespace
}  // namespace fedscape
