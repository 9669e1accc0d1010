#include "fedscape/algo/federated/apfl.hpp"

#include <algorithm>

#include "fedscape/ops/reduce.hpp"

namespace fedscape {

namespace {

/// Statistics in row m of `from` become those in row m of `to`.
void copy_statistics(Stream& stream, const ParamLayout& layout, View<const float> from, View<float> to,
                     std::int64_t m) {
  for (const ParamSlot& s : layout.slots()) {
    if (s.role != ParamRole::statistic) continue;
    const ParamRun run(s.offset, s.offset + s.size());
    ops::axpby(stream, 1, part(from, m, run), 0, part(to, m, run));
  }
}

}  // namespace

void Apfl::options(Fields& f) {
  f.field("alpha", alpha, "APFL: share of a client's own model in its personal one, in [0,1]; adaptive: at first");
  f.field("adaptive", adaptive, "APFL: clients learn their alpha");
}

void Apfl::check(const OptimizerOptions&) const {
  FEDSCAPE_CHECK(alpha >= 0 && alpha <= 1, "alpha of APFL is {}; it must be in [0,1]", alpha);
}

// A client remembers its own model and, if it learns it, alpha.
FederatedAlgorithm::Footprint Apfl::footprint(const Problem& problem) const {
  const std::int64_t p = problem.layout.size();
  return {.client = adaptive ? p + 1 : p, .upload = p, .personal = true};
}

void Apfl::initial_client_memory(Stream& stream, const Network&, View<const float> global, View<float> client) const {
  const std::int64_t p = global.size();
  ops::axpby(stream, 1, part(global, 0, {0, p}), 0, part(client, 0, {0, p}));
  if (adaptive) ops::fill(stream, static_cast<float>(alpha), part(client, 0, {p, p + 1}));
}

std::vector<Stage> Apfl::stages() const { return {{.probe = Stage::Probe::aside}}; }

float Apfl::alpha_of(Stream& stream, View<const float> memory, std::int64_t m) const {
  auto own = static_cast<float>(alpha);
  if (adaptive) copy_to_host(stream, &own, memory.rows(m, m + 1).data + memory.shape[1] - 1, sizeof(float));
  return own;
}

void Apfl::mix(Stream& stream, const Network& network, const ClientBlock& block, View<float> models) const {
  for (std::int64_t m = 0; m < models.shape[0]; ++m) {
    const float share = alpha_of(stream, block.memory, m);
    for (const auto& run : network.layout().trained())
      ops::axpby(stream, share, part(block.memory, m, run), 1 - share, part(models, m, run));
    copy_statistics(stream, network.layout(), block.memory, models, m);
  }
}

void Apfl::probe(const LocalStep& step, View<const float>, View<float> point) const {
  mix(step.stream, step.network, step.block, point);
}

void Apfl::step_aside(const LocalStep& step, View<const float> point, View<const float> grads) const {
  const std::int64_t p = grads.shape[1];
  const ParamRun all(0, p);
  for (std::int64_t m = 0; m < grads.shape[0]; ++m) {
    const float share = alpha_of(step.stream, step.block.memory, m);
    const View<const float> g = part(grads, m, all);
    const View<float> v = part(step.block.memory, m, all);
    if (adaptive) {
      const double slope = ops::dot(step.stream, g, v) - ops::dot(step.stream, g, part(step.params, m, all));
      const auto next = static_cast<float>(std::clamp(double(share) - double(step.lr) * slope, 0.0, 1.0));
      ops::fill(step.stream, next, part(step.block.memory, m, {p, p + 1}));
    }
    ops::axpby(step.stream, -step.lr * share, g, 1, v);
    copy_statistics(step.stream, step.network.layout(), point, step.block.memory, m);
  }
}

void Apfl::keep(const LocalResult& result, View<float> params) const {
  mix(result.stream, result.network, result.block, params);
}

void Apfl::personal(const BlockStart& start, View<float> params) const {
  mix(start.stream, start.network, start.block, params);
}

}  // namespace fedscape
