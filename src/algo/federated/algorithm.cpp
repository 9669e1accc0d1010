#include "fedscape/algo/federated/algorithm.hpp"

#include "fedscape/ops/loss.hpp"
#include "fedscape/ops/reduce.hpp"

namespace fedscape {

FederatedAlgorithm::Footprint FederatedAlgorithm::footprint(const Problem& problem) const {
  return {.upload = problem.layout.size()};
}

std::unique_ptr<Workspace> FederatedAlgorithm::workspace(const Network&) const { return nullptr; }

void FederatedAlgorithm::loss(const LocalStep& step, const Outputs& out, OutputGrads& grads, View<float> loss) const {
  ops::softmax_cross_entropy(step.stream, step.batch, out.logits, step.labels, loss, grads.logits);
}

void FederatedAlgorithm::upload(const LocalResult& result, View<float> upload) const {
  ops::repeat_rows(result.stream, result.global, upload);
  ops::axpby(result.stream, 1, result.params, -1, upload);
}

void FederatedAlgorithm::server_update(const ServerStep& step) const { move_global(step, 1); }

void move_global(const ServerStep& step, float rate) {
  const auto add = [&](float factor, std::int64_t begin, std::int64_t end) {
    if (end == begin || factor == 0) return;
    const Shape length = {end - begin};
    ops::axpby(step.stream, factor, {step.mean.data + begin, length}, 1, {step.global.data + begin, length});
  };
  std::int64_t next = 0;
  for (const auto& run : step.network.layout().trained()) {
    add(1, next, run.first);
    add(rate, run.first, run.second);
    next = run.second;
  }
  add(1, next, step.network.layout().size());
}

}  // namespace fedscape
