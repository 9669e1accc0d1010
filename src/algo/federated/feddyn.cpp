#include "fedscape/algo/federated/feddyn.hpp"

#include <cmath>

#include "fedscape/ops/proximal.hpp"
#include "fedscape/ops/reduce.hpp"

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
  const Tensor<float> unreported(step.stream, {grads.shape[0]});
  ops::fill(step.stream, 0.0f, unreported.view());
  for (const auto& run : step.network.layout().trained())
    ops::proximal(step.stream, ops::Proximal::squared, static_cast<float>(alpha), run.second - run.first,
                  slot(step.params, run.first), {step.global.data + run.first, 0}, unreported, slot(grads, run.first));
}

void FedDyn::upload(const LocalResult& result, View<float> upload) const {
  FederatedAlgorithm::upload(result, upload);
  const std::int64_t p = upload.shape[1];
  for (std::int64_t m = 0; m < upload.shape[0]; ++m)
    for (const auto& run : result.network.layout().trained()) {
      const Shape length = {run.second - run.first};
      ops::axpby(result.stream, -static_cast<float>(alpha), View<const float>(upload.data + m * p + run.first, length),
                 1, {result.block.memory.data + m * p + run.first, length});
    }
}

void FedDyn::server_update(const ServerStep& step) const {
  move_global(step, 1);
  for (const auto& run : step.network.layout().trained()) {
    const Shape length = {run.second - run.first};
    const View<float> h(step.memory.data + run.first, length);
    ops::axpby(step.stream, -static_cast<float>(alpha * step.participation), {step.mean.data + run.first, length}, 1,
               h);
    ops::axpby(step.stream, -1 / static_cast<float>(alpha), h, 1, {step.global.data + run.first, length});
  }
}

}  // namespace fedscape
