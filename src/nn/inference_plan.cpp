#include <algorithm>
#include <array>
#include <optional>

#include "fedscape/nn/network.hpp"
#include "fedscape/ops/fold.hpp"
#include "fedscape/ops/gemm.hpp"
#include "fedscape/tensor/mirrored.hpp"
#include "src/nn/fusion.hpp"
#include "src/nn/layer_cost.hpp"
#include "src/nn/memory_plan.hpp"

namespace fedscape {

namespace {

using nn::Step;

constexpr int kMostInputs = 8;
constexpr std::int64_t kAligned = 16;  // floats of a cache line

}  // namespace

struct InferencePlan::Plan {
  Plan(Stream& stream, const Network& network_in, int models_in, int chunk_in, Precision precision_in);

  const Network::Node& node(int i) const { return network->nodes()[static_cast<std::size_t>(i)]; }
  void plan_values();
  std::optional<ops::ConvShape> packed_as(const Step& step) const;
  std::int64_t weights_size(Stream& stream, const Step& step) const;
  View<float> value_of(int i, const Batch& batch) const {
    return {slab.data() + memory.offset(value[static_cast<std::size_t>(i)]),
            node(i).shape.under(batch.size).under(batch.models)};
  }
  View<const float> input_of(int i, const Batch& batch, View<const float> x) const {
    const int root = nn::root_of(*network, i);
    if (root == 0) return {x.data, node(i).shape.under(batch.size).under(x.shape[0])};
    const View<float> v = value_of(root, batch);
    return {v.data, node(i).shape.under(batch.size).under(batch.models)};
  }
  void load_step(Stream& stream, const Step& step, View<const float> params);
  void encode_norm(Stream& stream, const Step& step);
  void run(Stream& stream, const Step& step, const Pass& pass, View<const float> x);

  const Network* network;
  int models, chunk, loaded = 0;
  Precision precision;
  std::vector<Step> steps;
  std::vector<int> value;  // array of each node in the memory plan, -1: none
  nn::MemoryPlan memory;
  Tensor<float> slab, packed, biases, rows, folded;  // rows: parameters as loaded, for the layers that are not fused
  EvenCounts counts;
};

InferencePlan::Plan::Plan(Stream& stream, const Network& network_in, int models_in, int chunk_in,
                          Precision precision_in)
    : network(&network_in), models(models_in), chunk(chunk_in), precision(precision_in), steps(nn::fuse(network_in)) {
  if (precision == Precision::tf32) {  // of whatever the stream multiplies
    use_tf32(stream, true);
    precision = Precision::float32;
  }
  FEDSCAPE_CHECK(models > 0 && chunk > 0, "an inference plan for {} models and chunks of {}", models, chunk);
  plan_values();
  std::int64_t weights = 0, bias = 0, largest = 0;
  for (Step& step : steps) {
    step.weights = weights, step.bias = bias;
    weights += (weights_size(stream, step) + kAligned - 1) / kAligned * kAligned;
    if (step.conv || step.linear) bias += node(step.first).shape[node(step.first).shape.rank() - 1];
    if (const auto shape = packed_as(step)) largest = std::max(largest, shape->weights().size());
  }
  slab = Tensor<float>(stream, {memory.size()});
  packed = Tensor<float>(stream, {models, weights});
  biases = Tensor<float>(stream, {models, bias});
  folded = Tensor<float>(stream, {models, largest});
  rows = Tensor<float>(stream, {models, network->layout().size()});
  counts = EvenCounts(stream, models);
}

void InferencePlan::Plan::plan_values() {
  value.assign(network->nodes().size(), -1);
  const auto keep = [&](int i, int when) {
    const int root = nn::root_of(*network, i);
    if (root > 0) memory.extend(value[static_cast<std::size_t>(root)], when);
  };
  const int end = static_cast<int>(steps.size());
  for (int s = 0; s < end; ++s) {
    const Step& step = steps[static_cast<std::size_t>(s)];
    value[static_cast<std::size_t>(step.last)] = memory.add(node(step.last).shape.size() * chunk * models, s, s);
    for (const int input : node(step.first).inputs) keep(input, s);
    if (step.residual >= 0) keep(step.residual, s);
  }
  keep(static_cast<int>(network->nodes().size()) - 1, end);
  keep(network->feature_node(), end);
  memory.place();
}

/// The convolution that a step's weights are packed for. A linear layer is one of a single pixel, but has a kernel of
/// its own in float32.
std::optional<ops::ConvShape> InferencePlan::Plan::packed_as(const Step& step) const {
  if (step.conv) return step.conv->shape();
  if (!step.linear || precision == Precision::float32) return {};
  return ops::ConvShape{1, 1, step.linear->in(), step.linear->out()};
}

std::int64_t InferencePlan::Plan::weights_size(Stream& stream, const Step& step) const {
  if (const auto shape = packed_as(step)) return ops::conv_packed_size(stream, *shape, chunk, precision);
  return step.linear ? std::int64_t{step.linear->in()} * step.linear->out() : 0;
}

void InferencePlan::Plan::load_step(Stream& stream, const Step& step, View<const float> params) {
  if (step.group_norm && step.encoding) return encode_norm(stream, step);
  if (!step.conv && !step.linear) return;
  const nn::Affine& affine = step.conv ? step.conv->affine() : step.linear->affine();
  const int m_count = static_cast<int>(params.shape[0]);
  const std::int64_t filters = node(step.first).shape[node(step.first).shape.rank() - 1];
  const std::int64_t floats = network->layout()[affine.weight].size();
  for (int m = 0; m < m_count; ++m) {
    const View<const float> row = params.rows(m, m + 1);
    ops::FixedNorm norm{};
    if (step.norm)
      norm = {step.norm->eps(), step.norm->mean(row), step.norm->variance(row), step.norm->scale(row),
              step.norm->shift(row)};
    float* const weights = packed.data() + m * packed.shape()[1] + step.weights;
    const auto shape = packed_as(step);
    const View<float> plain{shape ? folded.data() : weights, {1, floats}};
    const View<float> bias{biases.data() + m * biases.shape()[1] + step.bias, {1, filters}};
    const ops::ChannelMap map = step.encoding ? step.encoding->map() : ops::ChannelMap{};
    ops::fold_batch_norm(stream, step.norm ? &norm : nullptr, map, affine.weights(row), affine.biases(row), filters,
                         plain, bias);
    if (!shape) continue;
    const View<float> target{weights, {1, weights_size(stream, step)}};
    ops::conv_pack(stream, *shape, chunk, 1, {plain.data, floats}, target, precision);
  }
}

/// Folds the position encoding behind a group norm into the plan's copy of the norm's scale and shift.
void InferencePlan::Plan::encode_norm(Stream& stream, const Step& step) {
  const std::int64_t channels = node(step.first).shape[node(step.first).shape.rank() - 1];
  const int one = 1;
  const Batch batch{1, 1, {&one, 1}};
  const ops::ChannelMap map = step.encoding->map();
  for (int m = 0; m < loaded; ++m) {
    const View<float> scale{step.group_norm->scale(rows.view()).row(m), {1, 1, channels}};
    const View<float> shift{step.group_norm->shift(rows.view()).row(m), {1, 1, channels}};
    ops::map_channels(stream, batch, {.scale = map.scale, .shift = {}}, scale, scale);
    ops::map_channels(stream, batch, map, shift, shift);
  }
}

void InferencePlan::Plan::run(Stream& stream, const Step& step, const Pass& pass, View<const float> x) {
  const Batch& batch = pass.batch;
  const Network::Node& first = node(step.first);
  std::array<View<const float>, kMostInputs> inputs;
  for (std::size_t k = 0; k < first.inputs.size(); ++k) inputs[k] = input_of(first.inputs[k], batch, x);
  const View<float> y = value_of(step.last, batch);
  const Slot<const float> bias{biases.data() + step.bias, biases.shape()[1]};
  const std::int64_t stride = packed.shape()[1];
  if (const auto shape = packed_as(step)) {
    const View<const float> residual = step.residual >= 0 ? input_of(step.residual, batch, x) : View<const float>{};
    const Slot<const float> weights{packed.data() + step.weights, stride};
    const auto samples = [&](auto view, const Shape& sample) {
      return view.as(sample.under(batch.size).under(view.shape[0]));
    };
    ops::conv_forward_packed(stream, *shape, batch, samples(inputs[0], shape->input()), weights, bias, residual,
                             step.relu, samples(y, shape->output()), precision);
  } else if (step.linear) {
    const View<const float> flat = inputs[0].as({inputs[0].shape[0], batch.size, step.linear->in()});
    ops::linear_forward(stream, batch, flat, {packed.data() + step.weights, stride}, bias, step.relu, y);
  } else {
    const ArenaScope scope(stream);
    const Tensor<float> kept(stream, {batch.models, first.layer->kept(batch.size)});
    first.layer->forward(stream, pass, rows.view().rows(0, batch.models), {inputs.data(), first.inputs.size()}, y,
                         kept);
  }
}

InferencePlan::InferencePlan(Stream& stream, const Network& network, int models, int chunk, Precision precision)
    : plan_(std::make_unique<Plan>(stream, network, models, chunk, precision)) {}
InferencePlan::InferencePlan(InferencePlan&&) noexcept = default;
InferencePlan::~InferencePlan() = default;

int InferencePlan::chunk() const { return plan_->chunk; }
std::int64_t InferencePlan::floats() const {
  const Plan& p = *plan_;
  return p.slab.size() + p.packed.size() + p.biases.size() + p.folded.size() + p.rows.size();
}

void InferencePlan::load(Stream& stream, View<const float> params) {
  Plan& p = *plan_;
  FEDSCAPE_CHECK(params.shape.rank() == 2 && params.shape[0] >= 1 && params.shape[0] <= p.models &&
                     params.shape[1] == p.network->layout().size(),
                 "parameters {} for at most {} models of {}", params.shape.text(), p.models,
                 p.network->layout().size());
  const ProfileScope scope(stream, Phase::load, "pack", {0, 2.0 * sizeof(float) * static_cast<double>(params.size())});
  p.loaded = static_cast<int>(params.shape[0]);
  copy_on_device(stream, p.rows.data(), params.data, static_cast<std::size_t>(params.size()) * sizeof(float));
  for (const Step& step : p.steps) p.load_step(stream, step, params);
}

Outputs InferencePlan::forward(Stream& stream, View<const float> x, int first) {
  Plan& p = *plan_;
  const int n = static_cast<int>(x.shape[1]), models = first > 0 ? first : p.loaded;
  FEDSCAPE_CHECK(p.loaded > 0, "a forward pass before any parameters were loaded");
  FEDSCAPE_CHECK(models <= p.loaded && n <= p.chunk && x.shape.inner(2) == p.network->sample() &&
                     (x.shape[0] == 1 || x.shape[0] == models),
                 "inputs {} for {} of {} models, chunks of {} and samples {}", x.shape.text(), models, p.loaded,
                 p.chunk, p.network->sample().text());
  const Pass pass{.batch = {models, n, p.counts.of(stream, models, n)}, .keys = {}, .mode = Mode::evaluate};
  for (const Step& step : p.steps) {
    const ProfileScope scope = nn::measure_forward(stream, *p.network, step.first, pass.batch);
    p.run(stream, step, pass, x);
  }
  const auto flat = [&](int i) {
    const View<const float> v = p.input_of(i, pass.batch, x);
    return v.as({v.shape[0], n, p.node(i).shape.size()});
  };
  return {flat(p.network->feature_node()), flat(static_cast<int>(p.network->nodes().size()) - 1)};
}

}  // namespace fedscape
