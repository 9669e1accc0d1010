#include "fedscape/algo/federated/scaffold.hpp"

#include "fedscape/ops/reduce.hpp"

namespace fedscape {

void Scaffold::options(Fields& f) {
  f.field("server_lr", server_lr, "SCAFFOLD: rate at which the server follows the mean of the clients");
}

std::string Scaffold::warning(const OptimizerOptions& local) const {
  const bool plain = local.optimizer == "sgd" && local.momentum == 0;
  return plain ? ""
               : "control variates reckon with plain steps: with momentum or an adaptive rate training may diverge";
}

FederatedAlgorithm::Footprint Scaffold::footprint(const Problem& problem) const {
  const std::int64_t p = problem.layout.size();
  return {.client = p, .server = p, .upload = 2 * p};
}

void Scaffold::correct_gradient(const LocalStep& step, View<float> grads) const {
  ops::axpby(step.stream, -1, step.block.memory, 1, grads);
  for (std::int64_t m = 0; m < grads.shape[0]; ++m)
    ops::axpby(step.stream, 1, step.server_memory, 1, grads.rows(m, m + 1));
}

void Scaffold::upload(const LocalResult& result, View<float> upload) const {
  const std::int64_t p = result.params.shape[1];
  Stream& stream = result.stream;
  for (std::int64_t m = 0; m < result.params.shape[0]; ++m) {
    const View<float> dy = part(upload, m, {0, p}), dc = part(upload, m, {p, 2 * p});
    ops::axpby(stream, 1, part(result.params, m, {0, p}), 0, dy);
    ops::axpby(stream, -1, part(result.global, 0, {0, p}), 1, dy);

    ops::fill(stream, 0.0f, dc);
    const float moved = result.lr * static_cast<float>(result.block.steps[static_cast<std::size_t>(m)]);
    if (moved == 0) continue;
    for (const auto& run : result.network.layout().trained()) {
      const View<float> moves = part(upload, m, {p + run.first, p + run.second});
      ops::axpby(stream, -1, part(result.server_memory, 0, run), 0, moves);
      ops::axpby(stream, -1 / moved, part(upload, m, run), 1, moves);
    }
    ops::axpby(stream, 1, dc, 1, part(result.block.memory, m, {0, p}));
  }
}

void Scaffold::server_update(const ServerStep& step) const {
  const std::int64_t p = step.global.size();
  move_global(step, static_cast<float>(server_lr));
  ops::axpby(step.stream, static_cast<float>(step.participation), part(step.mean, 0, {p, 2 * p}), 1,
             step.memory.as({p}));
}

}  // namespace fedscape
