#include "fedscape/algo/federated/scaffold.hpp"

#include "fedscape/ops/reduce.hpp"

namespace fedscape {

namespace {

View<float> row(View<float> stack, std::int64_t m, std::int64_t begin, std::int64_t length) {
  return {stack.data + m * stack.shape[1] + begin, {length}};
}

View<const float> flat(View<const float> one) { return one.as({one.size()}); }

}  // namespace

void Scaffold::options(Fields& f) {
  f.field("server_lr", server_lr, "SCAFFOLD: rate at which the server follows the mean of the clients");
}

FederatedAlgorithm::Footprint Scaffold::footprint(const Problem& problem) const {
  const std::int64_t p = problem.layout.size();
  return {.client = p, .server = p, .upload = 2 * p};
}

void Scaffold::correct_gradient(const LocalStep& step, View<float> grads) const {
  const std::int64_t p = grads.shape[1];
  ops::axpby(step.stream, -1, step.block.memory, 1, grads);
  for (std::int64_t m = 0; m < grads.shape[0]; ++m)
    ops::axpby(step.stream, 1, flat(step.server_memory), 1, row(grads, m, 0, p));
}

void Scaffold::upload(const LocalResult& result, View<float> upload) const {
  const std::int64_t p = result.params.shape[1];
  Stream& stream = result.stream;
  for (std::int64_t m = 0; m < result.params.shape[0]; ++m) {
    const View<float> dy = row(upload, m, 0, p), dc = row(upload, m, p, p);
    ops::axpby(stream, 1, flat(result.params.rows(m, m + 1)), 0, dy);
    ops::axpby(stream, -1, flat(result.global), 1, dy);

    ops::fill(stream, 0.0f, dc);
    const float moved = result.lr * static_cast<float>(result.block.steps[static_cast<std::size_t>(m)]);
    if (moved == 0) continue;
    for (const auto& run : result.network.layout().trained()) {
      const Shape length = {run.second - run.first};
      const View<float> part(dc.data + run.first, length);
      ops::axpby(stream, -1, {result.server_memory.data + run.first, length}, 0, part);
      ops::axpby(stream, -1 / moved, View<const float>(dy.data + run.first, length), 1, part);
    }
    ops::axpby(stream, 1, dc, 1, row(result.block.memory, m, 0, p));
  }
}

void Scaffold::server_update(const ServerStep& step) const {
  const std::int64_t p = step.global.size();
  move_global(step, static_cast<float>(server_lr));
  const View<const float> dc(step.mean.data + p, {p});
  ops::axpby(step.stream, static_cast<float>(step.participation), dc, 1, step.memory.as({p}));
}

}  // namespace fedscape
