#include "tests/algo/federated/loss_case.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "fedscape/nn/layers.hpp"
#include "fedscape/ops/reduce.hpp"
#include "tests/support/devices.hpp"

namespace fedscape::test {

namespace {

constexpr int kModels = 2, kBatch = 3, kClasses = 4, kFeatures = 5;
const Shape kLogits = {kModels, kBatch, kClasses}, kSeen = {kModels, kBatch, kFeatures};

/// The real samples of model m.
std::vector<double> real(const LossCase& call, int m, const std::vector<float>& values, int width) {
  const auto begin = values.begin() + m * kBatch * width;
  return {begin, begin + call.counts[static_cast<std::size_t>(m)] * width};
}

Network five_features() {
  Network network({kFeatures});
  network.add("relu", relu(), {0});
  network.add("classifier", linear(kClasses), {1});
  network.finish();
  return network;
}

void expect_differences(std::vector<double> at, const std::vector<double>& gradient, const char* what,
                        const std::function<double(const std::vector<double>&)>& loss) {
  for (std::size_t i = 0; i < at.size(); ++i) {
    const double middle = at[i], step = 1e-5;
    at[i] = middle + step;
    const double above = loss(at);
    at[i] = middle - step;
    const double below = loss(at);
    at[i] = middle;
    // Gradients of magnitude up to 10 in float; differences are good to step^2.
    EXPECT_NEAR(gradient[i], (above - below) / (2 * step), 1e-6 * (1 + std::abs(gradient[i]))) << what << " " << i;
  }
}

}  // namespace

LossCase::LossCase() : logits(random_floats(kLogits.size(), 1, -2, 2)), features(random_floats(kSeen.size(), 2)) {
  other_features = {random_floats(kSeen.size(), 3), random_floats(kSeen.size(), 4)};
  other_logits = {random_floats(kLogits.size(), 5, -2, 2), random_floats(kLogits.size(), 6, -2, 2)};
}

LossResult loss_of(const FederatedAlgorithm& algorithm, const LossCase& call) {
  Stream stream;
  const Network network = five_features();
  const auto size = algorithm.footprint({network.layout(), kClasses, network.features()});
  std::vector<float> terms(static_cast<std::size_t>(kModels * size.terms));
  const std::size_t each = terms.size() / kModels;
  for (std::size_t m = 0; m < kModels; ++m)
    algorithm.terms(std::span(call.label_counts).subspan(m * kClasses, kClasses),
                    std::span(terms).subspan(m * each, each));
  const Tensor<float> counts = to_device(stream, call.label_counts, {kModels, kClasses});
  const Tensor<float> on_device = to_device(stream, terms, {kModels, size.terms});
  const Tensor<float> logits = to_device(stream, call.logits, kLogits), seen = to_device(stream, call.features, kSeen);
  const Tensor<std::int32_t> labels = to_device(stream, call.labels, {kModels, kBatch});
  std::vector<Tensor<float>> kept;
  std::vector<Outputs> others;
  for (const auto& values : call.other_features) kept.push_back(to_device(stream, values, kSeen));
  for (const auto& values : call.other_logits) kept.push_back(to_device(stream, values, kLogits));
  for (const std::size_t i : {0u, 1u}) others.push_back({kept[i], kept[i + 2]});
  const ClientBlock block{.label_counts = counts, .terms = on_device};
  const Batch batch{kModels, kBatch, call.counts};
  const Tensor<float> memory = to_device(stream, call.server_memory, {1, std::ssize(call.server_memory)});
  const LocalStep step{stream, network, block, batch, {}, memory, {}, {}, labels, others};

  Tensor<float> loss(stream, {kModels}), dlogits(stream, kLogits), dfeatures(stream, kSeen);
  ops::fill(stream, 0.0f, dfeatures.view());
  OutputGrads grads{.features = algorithm.stages().front().features ? dfeatures.view() : View<float>{},
                    .logits = dlogits};
  algorithm.loss(step, {seen, logits}, grads, loss);
  return {to_host(stream, loss.view()), to_host(stream, dlogits.view()), to_host(stream, dfeatures.view())};
}

void expect_loss_and_gradients(const FederatedAlgorithm& algorithm, const LossOracle& oracle, const LossCase& call) {
  const LossResult result = loss_of(algorithm, call);
  for (int m = 0; m < kModels; ++m) {
    const auto logits = real(call, m, call.logits, kClasses), features = real(call, m, call.features, kFeatures);
    EXPECT_NEAR(double(result.loss[static_cast<std::size_t>(m)]), oracle(call, m, logits, features), 2e-6) << m;
    expect_differences(logits, real(call, m, result.dlogits, kClasses), "logit",
                       [&](const auto& z) { return oracle(call, m, z, features); });
    expect_differences(features, real(call, m, result.dfeatures, kFeatures), "feature",
                       [&](const auto& h) { return oracle(call, m, logits, h); });
  }
}

double cross_entropy(const LossCase& call, int m, const std::vector<double>& logits, const std::vector<double>& scale,
                     const std::vector<double>& shift) {
  const std::size_t n = logits.size() / kClasses;
  double loss = 0;
  for (std::size_t b = 0; b < n; ++b) {
    double z[kClasses], sum = 0;
    for (std::size_t c = 0; c < kClasses; ++c) {
      z[c] = (scale.empty() ? 1 : scale[c]) * logits[b * kClasses + c] + (shift.empty() ? 0 : shift[c]);
      sum += std::exp(z[c]);
    }
    loss += std::log(sum) - z[call.labels[static_cast<std::size_t>(m) * kBatch + b]];
  }
  return loss / double(n);
}

}  // namespace fedscape::test
