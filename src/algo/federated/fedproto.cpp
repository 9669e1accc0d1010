#include "fedscape/algo/federated/fedproto.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "fedscape/base/at.hpp"
#include "fedscape/ops/feature_loss.hpp"
#include "fedscape/ops/reduce.hpp"
#include "src/algo/federated/own_features.hpp"

namespace fedscape {

namespace {

/// Sums of one model's features over the samples of each class [C,F], then their numbers [C].
std::vector<double> class_sums(const LocalResult& result, std::int64_t m) {
  const std::int64_t C = result.network.classes(), F = result.network.features();
  std::vector<double> sums(at(C * F + C));
  for_each_sample(result.stream, *result.own, m, result.params.rows(m, m + 1),
                  [&](std::int32_t label, std::span<const float> h) {
                    for (std::int64_t f = 0; f < F; ++f) sums[at(label * F + f)] += double(h[at(f)]);
                    ++sums[at(C * F + label)];
                  });
  return sums;
}

}  // namespace

void FedProto::options(Fields& f) {
  f.field("lambda", lambda, "FedProto: weight of the distance to prototypes; 0: clients train alone");
  f.field("decay", decay, "FedProto: weight of the earlier prototypes, in [0,1)");
}

void FedProto::check(const OptimizerOptions&) const {
  FEDSCAPE_CHECK(lambda >= 0 && std::isfinite(lambda), "lambda of FedProto is {}; it must be 0 or more", lambda);
  FEDSCAPE_CHECK(decay >= 0 && decay < 1, "decay of FedProto is {}; it must be in [0,1)", decay);
}

// The server remembers what is sent: prototypes, and 1 where a class has one.
FederatedAlgorithm::Footprint FedProto::footprint(const Problem& problem) const {
  const std::int64_t prototypes = problem.classes * (problem.features + 1);
  return {.client = problem.layout.size(),
          .server = prototypes,
          .upload = prototypes,
          .personal = true,
          .own_samples = true};
}

std::vector<Stage> FedProto::stages() const { return {{.features = lambda != 0}}; }

// Each sample counts the same in a prototype.
double FedProto::weight(std::int64_t samples, bool) const { return double(samples); }

void FedProto::loss(const LocalStep& step, const Outputs& out, OutputGrads& grads, View<float> loss) const {
  FederatedAlgorithm::loss(step, out, grads, loss);
  if (lambda == 0) return;
  const std::int64_t C = step.network.classes(), F = step.network.features();
  const float* const prototypes = step.server_memory.data;
  ops::prototype_distance(step.stream, step.batch, lambda, out.features, step.labels, {prototypes, {C, F}},
                          {prototypes + C * F, {C}}, loss, grads.features);
}

// Per sample, so that what is sent is no larger than features are; the client's weight makes sums of it again.
void FedProto::upload(const LocalResult& result, View<float> upload) const {
  ops::axpby(result.stream, 1, result.params, 0, result.block.memory);
  for (std::int64_t m = 0; m < upload.shape[0]; ++m) {
    const std::vector<double> sums = class_sums(result, m);
    std::vector<float> row(sums.size());
    std::transform(sums.begin(), sums.end(), row.begin(),
                   [&](double sum) { return static_cast<float>(sum / double(result.block.samples[at(m)])); });
    copy_to_device(result.stream, upload.rows(m, m + 1).data, row.data(), row.size() * sizeof(float));
  }
}

void FedProto::server_update(const ServerStep& step) const {
  const std::size_t C = at(step.network.classes()), F = at(step.network.features());
  const std::vector<float> mean = to_host(step.stream, step.mean);
  std::vector<float> memory = to_host(step.stream, View<const float>(step.memory));
  for (std::size_t c = 0; c < C; ++c) {
    const double samples = double(mean[C * F + c]);
    if (samples <= 0) continue;
    float& known = memory[C * F + c];
    const double old = known != 0 ? decay : 0;
    for (std::size_t i = c * F; i < (c + 1) * F; ++i)
      memory[i] = static_cast<float>(old * double(memory[i]) + (1 - old) * double(mean[i]) / samples);
    known = 1;
  }
  copy_to_device(step.stream, step.memory.data, memory.data(), memory.size() * sizeof(float));
}

}  // namespace fedscape
