#include "tests/algo/federated/every_hook.hpp"

#include <vector>

#include "fedscape/algo/exact_sum.hpp"
#include "fedscape/ops/reduce.hpp"
#include "fedscape/tensor/tensor.hpp"

namespace fedscape::test {

namespace {

View<float> part(View<float> row, std::int64_t begin, std::int64_t length) { return {row.data + begin, {length}}; }
View<float> flat(View<float> view) { return view.as({view.size()}); }
View<const float> flat(View<const float> view) { return view.as({view.size()}); }

}  // namespace

enum StageOf { kFeatures, kClassifier, kPersonal, kTuning };

bool in_classifier(const ParamSlot& slot) { return slot.group == ParamGroup::classifier; }

// A client remembers its last model, the server a second copy of the mean and the classes of its data.
FederatedAlgorithm::Footprint EveryHook::footprint(const Problem& problem) const {
  const std::int64_t p = problem.layout.size();
  return {.client = p,
          .server = p + problem.classes,
          .upload = p + 1,
          .uploads = true,
          .server_data = true,
          .personal = true,
          .own_samples = true,
          .terms = 1,
          .scratch = p};
}

void EveryHook::initial_memory(Stream& stream, View<const float>, View<float> server) const {
  ops::fill(stream, 0.125f, server);
}

void EveryHook::initial_client_memory(Stream& stream, const Network&, View<const float> global,
                                      View<float> client) const {
  ops::axpby(stream, 0.5f, flat(global), 0, flat(client));
}

std::vector<Stage> EveryHook::stages() const {
  using Probe = Stage::Probe;
  return {{.features = true, .others = 2, .probe = Probe::same_batch},
          {.steps = 0.5, .min_steps = 1, .lr = 0.5, .probe = Probe::next_batch, .trains = in_classifier},
          {.steps = 0.25, .min_steps = 3, .repeats = 2, .personal = true, .others = 1, .probe = Probe::aside}};
}

std::vector<Stage> EveryHook::tuning() const {
  if (tuning_steps == 0) return {};
  return {{.steps = 0, .min_steps = tuning_steps, .lr = 0.05}};
}

double EveryHook::weight(std::int64_t samples, bool) const { return 1.0 / static_cast<double>(samples); }

void EveryHook::terms(std::span<const float> label_counts, std::span<float> terms) const {
  terms[0] = label_counts[0] + 1;
}

// The sum over a round's models begins anew.
void EveryHook::start(const BlockStart& start, View<float> params) const {
  if (start.stage == kFeatures) ops::fill(start.stream, 0.0f, start.block.scratch);
  if (start.stage == kTuning) return;
  ops::axpby(start.stream, 0.5f, start.block.memory, 0.5f, params);
}

// The received model, and the one that the client remembers.
void EveryHook::other(const BlockStart& start, int which, View<float> params) const {
  if (which == 1) ops::axpby(start.stream, 1, start.block.memory, 0, params);
}

// Features are drawn to those of the remembered model and away from the received one's, by the client's term.
void EveryHook::loss(const LocalStep& step, const Outputs& out, OutputGrads& grads, View<float> loss) const {
  FederatedAlgorithm::loss(step, out, grads, loss);
  if (step.stage != kFeatures) return;
  for (int m = 0; m < step.batch.models; ++m)
    for (int b = 0; b < step.batch.count(m); ++b) {
      const std::int64_t features = out.features.size() / (step.batch.models * step.batch.size);
      const std::int64_t begin = (std::int64_t{m} * step.batch.size + b) * features;
      const View<float> gradient(grads.features.data + begin, {features});
      const auto add = [&](float factor, View<const float> seen) {
        ops::axpby(step.stream, factor, {seen.data + begin, {features}}, 1, gradient);
      };
      add(0.01f, out.features);
      add(0.001f, step.others[0].features);
      add(-0.001f * step.block.terms.data[m], step.others[1].features);
    }
}

void EveryHook::probe(const LocalStep& step, View<const float> grads, View<float> point) const {
  ops::axpby(step.stream, 0.05f, step.stage == kPersonal ? step.block.memory : grads, 1, point);
}

void EveryHook::step_aside(const LocalStep& step, View<const float> point, View<const float> grads) const {
  ops::axpby(step.stream, -step.lr, grads, 1, step.block.memory);
  ops::axpby(step.stream, 0.01f, point, 1, step.block.memory);
}

void EveryHook::after_step(const LocalStep& step, View<float> params) const {
  const int repeats = step.stage == kTuning ? 1 : stages()[step.stage].repeats;
  if (step.repeat + 1 == repeats) ops::axpby(step.stream, 0.01f, params, 1, step.block.scratch);
}

void EveryHook::correct_gradient(const LocalStep& step, View<float> grads) const {
  const Tensor<float> pull(step.stream, grads.shape);
  ops::repeat_rows(step.stream,
                   step.server_memory.as({step.server_memory.size()}).rows(0, grads.shape[1]).as({1, grads.shape[1]}),
                   pull);
  ops::axpby(step.stream, 0.01f, pull, 1, grads);
  ops::axpby(step.stream, -0.01f, step.block.memory, 1, grads);
}

void EveryHook::upload(const LocalResult& result, View<float> upload) const {
  const std::int64_t p = result.params.shape[1];
  for (std::int64_t m = 0; m < upload.shape[0]; ++m) {
    const View<float> row(upload.data + m * (p + 1), {p + 1});
    ops::axpby(result.stream, 1, flat(result.params.rows(m, m + 1)), 0, part(row, 0, p));
    ops::axpby(result.stream, -1, flat(result.global), 1, part(row, 0, p));
    ops::fill(result.stream, static_cast<float>(result.block.samples[static_cast<std::size_t>(m)]), part(row, p, 1));
  }
}

// Statistics of its own samples, and the mean of its features in the place of the first parameters.
void EveryHook::keep(const LocalResult& result, View<float> params) const {
  ops::axpby(result.stream, 0.1f, result.block.scratch, 1, params);
  result.own->recalibrate(result.stream, params);
  ops::axpby(result.stream, 1, params, 0, result.block.memory);
  for (std::int64_t m = 0; m < params.shape[0]; ++m)
    result.own->visit(result.stream, m, params.rows(m, m + 1),
                      [&](const Outputs& out, View<const std::int32_t> labels) {
                        const std::int64_t n = out.features.shape[2];
                        for (std::int64_t b = 0; b < labels.size(); ++b)
                          ops::axpby(result.stream, 0.01f, {out.features.data + b * n, {n}}, 1,
                                     part(flat(result.block.memory.rows(m, m + 1)), 0, n));
                      });
}

void EveryHook::personal(const BlockStart& start, View<float> params) const {
  ops::axpby(start.stream, 0.5f, start.block.memory, 0.5f, params);
}

void EveryHook::server_update(const ServerStep& step) const {
  const std::int64_t p = step.global.size(), classes = step.network.classes();
  std::vector<double> sums(static_cast<std::size_t>(p + 1));
  step.sum(step.local_uploads, sums);  // unweighted, over the clients of all ranks
  const std::vector<float> second(sums.begin(), sums.begin() + p);
  copy_to_device(step.stream, step.memory.data, second.data(), second.size() * sizeof(float));
  ops::fill(step.stream, static_cast<float>(step.server_data->size()), part(step.memory, p, classes));
  move_global(step, 1);
}

FederatedAlgorithm::Footprint EveryPenalty::footprint(const Problem& problem) const {
  return {.client = 1, .server = problem.layout.size(), .upload = 2};
}

void EveryPenalty::add_gradient(const LocalStep& step, View<float> loss, View<float> grads) const {
  for (std::int64_t m = 0; m < grads.shape[0]; ++m) {
    ops::axpby(step.stream, -0.01f, flat(step.server_memory), 1, flat(grads.rows(m, m + 1)));
    ops::axpby(step.stream, 0.01f, part(step.block.memory, m, 1), 1, part(loss, m, 1));
  }
}

// A client counts its rounds.
void EveryPenalty::upload(const LocalResult& result, View<float> upload) const {
  const Tensor<float> one(result.stream, result.block.memory.shape);
  ops::fill(result.stream, 1.0f, one.view());
  ops::axpby(result.stream, 1, one, 1, result.block.memory);
  for (std::int64_t m = 0; m < upload.shape[0]; ++m) {
    ops::fill(result.stream, 3.0f, part(upload, 2 * m, 1));
    ops::axpby(result.stream, 1, part(result.block.memory, m, 1), 0, part(upload, 2 * m + 1, 1));
  }
}

void EveryPenalty::server_update(const ServerStep& step) const {
  ops::axpby(step.stream, 0.5f, flat(View<const float>(step.global)), 0.5f, flat(step.memory));
}

}  // namespace fedscape::test
