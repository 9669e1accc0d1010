#include "fedscape/algo/federated/feddyn.hpp"

#include <cmath>

#include "fedscape/ops/reduce.hpp"
#include "src/algo/federated/pull.hpp"

namespace fedscape {

void FedDyn::options(Fields& f) { f.field("alpha", alpha, "FedDyn: weight of the dynamic regulariser, above 0"); }

void FedDyn::check(const OptimizerOptions&) const {
  FEDSCAPE_CHECK(alpha > 0 && std::isfinite(alpha), "alpha of FedDyn is {}; it must be above 0", alpha);
}

FederatedAlgorithm::Footprint FedDyn::footprint(const Problem& problem) const {
  const std::int64_t p = problem.layout.size();
  return {.client = p, .server = p, .upload = p};
}

void FedDyn::correct_gradient(const LocalStep& step, View<float> grads) const {
  ops::axpby(step.stream, -1, step.block.memory, 1, grads);
  add_pull(step, alpha, step.global, grads);
}

void FedDyn::upload(const LocalResult& result, View<float> upload) const {
  FederatedAlgorithm::upload(result, upload);
  for (std::int64_t m = 0; m < upload.shape[0]; ++m)
    for (const auto& run : result.network.layout().trained())
      ops::axpby(result.stream, -static_cast<float>(alpha), part(upload, m, run), 1, part(result.block.memory, m, run));
}

void FedDyn::server_update(const ServerStep& step) const {
  move_global(step, 1);
  for (const auto& run : step.network.layout().trained()) {
    const View<float> h = part(step.memory, 0, run);
    ops::axpby(step.stream, -static_cast<float>(alpha * step.participation), part(step.mean, 0, run), 1, h);
    ops::axpby(step.stream, -1 / static_cast<float>(alpha), h, 1, part(step.global, 0, run));
  }
}

}  // namespace fedscape
