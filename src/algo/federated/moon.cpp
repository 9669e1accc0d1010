#include "fedscape/algo/federated/moon.hpp"

#include <cmath>

#include "fedscape/ops/feature_loss.hpp"
#include "fedscape/ops/reduce.hpp"

namespace fedscape {

namespace {

enum Other { kReceived, kPrevious, kOthers };

}  // namespace

void Moon::options(Fields& f) {
  f.field("mu", mu, "MOON: weight of the contrast between features; 0: FedAvg");
  f.field("temperature", temperature, "MOON: of the cosines, above 0");
}

void Moon::check(const OptimizerOptions&) const {
  FEDSCAPE_CHECK(mu >= 0 && std::isfinite(mu), "mu of MOON is {}; it must be 0 or more", mu);
  FEDSCAPE_CHECK(temperature > 0 && std::isfinite(temperature), "temperature of MOON is {}; it must be above 0",
                 temperature);
}

FederatedAlgorithm::Footprint Moon::footprint(const Problem& problem) const {
  const std::int64_t p = problem.layout.size();
  if (mu == 0) return {.upload = p};
  return {.client = p, .upload = p};
}

std::vector<Stage> Moon::stages() const {
  if (mu == 0) return {{}};
  return {{.features = true, .others = kOthers}};
}

void Moon::initial_client_memory(Stream& stream, const Network&, View<const float> global, View<float> client) const {
  if (client.size() > 0) ops::repeat_rows(stream, global, client);
}

void Moon::other(const BlockStart& start, int which, View<float> params) const {
  if (which == kPrevious) ops::axpby(start.stream, 1, start.block.memory, 0, params);
}

void Moon::loss(const LocalStep& step, const Outputs& out, OutputGrads& grads, View<float> loss) const {
  FederatedAlgorithm::loss(step, out, grads, loss);
  if (mu == 0) return;
  ops::contrast(step.stream, step.batch, mu, temperature, out.features, step.others[kReceived].features,
                step.others[kPrevious].features, loss, grads.features);
}

void Moon::upload(const LocalResult& result, View<float> upload) const {
  FederatedAlgorithm::upload(result, upload);
  if (mu != 0) ops::axpby(result.stream, 1, result.params, 0, result.block.memory);
}

}  // namespace fedscape
