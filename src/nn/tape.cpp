#include <algorithm>
#include <array>

#include "fedscape/base/check.hpp"
#include "fedscape/nn/network.hpp"
#include "fedscape/ops/activation.hpp"
#include "fedscape/ops/reduce.hpp"
#include "src/nn/layer_cost.hpp"
#include "src/nn/memory_plan.hpp"

namespace fedscape {

namespace {

constexpr int kMostInputs = 8;
constexpr int kOutside = -1;  // the network's input: not the tape's memory

}  // namespace

/// Forward of node i is step i of the schedule, its backward step 2n - i. `value` and `grad` name arrays of the memory
/// plan; nodes that are views, or work in place, share that of their first input.
struct Tape::Plan {
  Plan(Stream& stream, const Network& network_in, int models_in, int batch_in, std::span<const int> watched_nodes);

  const Network::Node& node(int i) const { return network->nodes()[static_cast<std::size_t>(i)]; }
  int backward_step(int i) const { return 2 * count - i; }
  bool shares_value(int i) const;
  void plan_values();
  void plan_grads();

  View<float> array(int index, const Pass& pass, const Shape& sample) const {
    return {slab.data() + memory.offset(index), sample.under(pass.batch.size).under(pass.batch.models)};
  }
  View<const float> value_of(int i, const Pass& pass) const {
    const int index = value[static_cast<std::size_t>(i)];
    if (index == kOutside) return {input.data, node(i).shape.under(pass.batch.size).under(input.shape[0])};
    return array(index, pass, node(i).shape);
  }
  View<float> kept_of(int i, const Pass& pass) const {
    const std::int64_t floats = node(i).layer->kept(pass.batch.size);
    return {slab.data() + memory.offset(kept[static_cast<std::size_t>(i)]), {pass.batch.models, floats}};
  }
  void backward_node(Stream& stream, const Pass& pass, View<const float> params, int i, View<float> grads);

  const Network* network;
  int models, batch, count;  // count: nodes
  std::vector<int> consumers, value, grad, scratch, kept;
  std::vector<bool> watched;  // whether a node keeps value and gradient
  std::vector<bool> needed;   // whether somebody needs its gradient
  std::vector<bool> written;  // whether a node's gradient holds something yet
  nn::MemoryPlan memory;
  Tensor<float> slab;
  View<const float> input;  // of the last forward
};

Tape::Plan::Plan(Stream& stream, const Network& network_in, int models_in, int batch_in,
                 std::span<const int> watched_nodes)
    : network(&network_in), models(models_in), batch(batch_in), count(static_cast<int>(network_in.nodes().size())) {
  FEDSCAPE_CHECK(models > 0 && batch > 0, "training memory for {} models and batches of {}", models, batch);
  const std::size_t n = static_cast<std::size_t>(count);
  consumers.assign(n, 0), value.assign(n, kOutside), grad.assign(n, kOutside);
  scratch.assign(n, kOutside), kept.assign(n, kOutside), written.assign(n, false);
  watched.assign(n, false), needed.assign(n, false);
  for (const int i : watched_nodes) {
    FEDSCAPE_CHECK(0 < i && i < count, "node {} of {} is to be watched", i, count);
    watched[static_cast<std::size_t>(i)] = true;
  }
  for (int i = 1; i < count; ++i) {
    FEDSCAPE_CHECK(node(i).inputs.size() <= kMostInputs, "{}: more than {} inputs", node(i).name, kMostInputs);
    const std::size_t at = static_cast<std::size_t>(i);
    needed[at] = node(i).trained || watched[at];
    for (const int from : node(i).inputs) {
      ++consumers[static_cast<std::size_t>(from)];
      if (needed[static_cast<std::size_t>(from)]) needed[at] = true;
    }
  }
  plan_values();
  plan_grads();
  memory.place();
  slab = Tensor<float>(stream, {memory.size()});
}

/// Whether node i's output can be written over its first input: nobody else reads that, nor does any backward.
bool Tape::Plan::shares_value(int i) const {
  const Layer& layer = *node(i).layer;
  const std::size_t from = static_cast<std::size_t>(node(i).inputs[0]);
  if (layer.is_view()) return true;
  return layer.in_place() && !layer.needs_input() && value[from] != kOutside && consumers[from] == 1 &&
         !watched[from] && !node(static_cast<int>(from)).layer->needs_output() &&
         !node(static_cast<int>(from)).layer->is_view();
}

void Tape::Plan::plan_values() {
  const auto keep = [&](int i, int when) {
    if (value[static_cast<std::size_t>(i)] != kOutside) memory.extend(value[static_cast<std::size_t>(i)], when);
  };
  for (int i = 1; i < count; ++i) {
    const Layer& layer = *node(i).layer;
    const std::size_t at = static_cast<std::size_t>(i), from = static_cast<std::size_t>(node(i).inputs[0]);
    if (shares_value(i))
      value[at] = value[from];
    else
      value[at] = memory.add(node(i).shape.size() * batch * models, i, i);
    keep(i, watched[at] ? backward_step(0) : layer.needs_output() ? backward_step(i) : i);
    for (const int input_node : node(i).inputs) keep(input_node, layer.needs_input() ? backward_step(i) : i);
    const std::int64_t floats = layer.kept(batch) * models;
    kept[at] = memory.add(floats, i, backward_step(0));  // statistics are updated after the backward pass
  }
  keep(count - 1, count);  // logits and features are looked at between forward and backward
  keep(network->feature_node(), count);
}

void Tape::Plan::plan_grads() {
  for (int i = count - 1; i > 0; --i) {
    const Layer& layer = *node(i).layer;
    const std::size_t at = static_cast<std::size_t>(i);
    if (!needed[at] && i != network->feature_node() && i != count - 1) continue;  // those the caller may write
    // A node that nobody has given a gradient array yet is the output, or the features.
    if (grad[at] == kOutside) grad[at] = memory.add(node(i).shape.size() * batch * models, count, backward_step(i));
    memory.extend(grad[at], backward_step(watched[at] ? 0 : i));
    for (std::size_t k = 0; k < node(i).inputs.size(); ++k) {
      const int from = node(i).inputs[k];
      const std::size_t f = static_cast<std::size_t>(from);
      if (!needed[f]) continue;
      const bool over = k == 0 && !watched[at] && (layer.is_view() || layer.in_place()) && consumers[f] == 1 &&
                        from != network->feature_node();
      if (grad[f] == kOutside && over) grad[f] = grad[at];
      if (grad[f] == kOutside) {
        const int first = from == network->feature_node() ? count : backward_step(i);
        grad[f] = memory.add(node(from).shape.size() * batch * models, first, backward_step(i));
      }
      memory.extend(grad[f], backward_step(i));
      // Later contributions are computed beside it and added.
      const bool alone = consumers[f] == 1 && from != network->feature_node();
      if (!alone && scratch[f] == kOutside)
        scratch[f] = memory.add(node(from).shape.size() * batch * models, backward_step(i), backward_step(i));
      if (!alone) memory.extend(scratch[f], backward_step(i));
    }
  }
}

Tape::Tape(Stream& stream, const Network& network, int models, int batch, std::span<const int> watched)
    : plan_(std::make_unique<Plan>(stream, network, models, batch, watched)) {}
Tape::Tape(Tape&&) noexcept = default;
Tape::~Tape() = default;

int Tape::models() const { return plan_->models; }
int Tape::batch() const { return plan_->batch; }
std::int64_t Tape::floats() const { return plan_->memory.size(); }

Outputs Tape::forward(Stream& stream, const Pass& pass, View<const float> params, View<const float> x) {
  Plan& p = *plan_;
  FEDSCAPE_CHECK(pass.batch.models <= p.models && pass.batch.size <= p.batch,
                 "{} models and batches of {} on a tape of {} and {}", pass.batch.models, pass.batch.size, p.models,
                 p.batch);
  FEDSCAPE_CHECK(x.shape.inner(2) == p.network->sample(), "samples {} for a network of {}", x.shape.text(),
                 p.network->sample().text());
  p.input = x;
  std::array<View<const float>, kMostInputs> inputs;
  for (int i = 1; i < p.count; ++i) {
    const Network::Node& node = p.node(i);
    if (node.layer->is_view()) continue;
    for (std::size_t k = 0; k < node.inputs.size(); ++k) inputs[k] = p.value_of(node.inputs[k], pass);
    const View<float> y = p.array(p.value[static_cast<std::size_t>(i)], pass, node.shape);
    const ProfileScope scope = nn::measure_forward(stream, *p.network, i, pass.batch);
    node.layer->forward(stream, pass, params, {inputs.data(), node.inputs.size()}, y, p.kept_of(i, pass));
  }
  const auto flat = [&](int i) {
    const View<const float> v = p.value_of(i, pass);
    return v.as({v.shape[0], pass.batch.size, p.node(i).shape.size()});
  };
  return {flat(p.network->feature_node()), flat(p.count - 1)};
}

OutputGrads Tape::output_grads(Stream& stream, const Pass& pass, bool features) {
  Plan& p = *plan_;
  std::fill(p.written.begin(), p.written.end(), false);
  const auto flat = [&](int i) {
    p.written[static_cast<std::size_t>(i)] = true;
    const View<float> v = p.array(p.grad[static_cast<std::size_t>(i)], pass, p.node(i).shape);
    return v.as({pass.batch.models, pass.batch.size, p.node(i).shape.size()});
  };
  OutputGrads grads{.features = {}, .logits = flat(p.count - 1)};
  if (features && p.network->feature_node() != 0) {
    grads.features = flat(p.network->feature_node());
    ops::fill(stream, 0.0f, grads.features);
  }
  return grads;
}

void Tape::Plan::backward_node(Stream& stream, const Pass& pass, View<const float> params, int i, View<float> grads) {
  const Network::Node& from = node(i);
  const View<const float> dy = array(grad[static_cast<std::size_t>(i)], pass, from.shape);
  std::array<View<const float>, kMostInputs> inputs;
  std::array<View<float>, kMostInputs> input_grads;
  for (std::size_t k = 0; k < from.inputs.size(); ++k) {
    const std::size_t f = static_cast<std::size_t>(from.inputs[k]);
    inputs[k] = value_of(from.inputs[k], pass);
    if (!needed[f]) continue;
    input_grads[k] = array(written[f] ? scratch[f] : grad[f], pass, node(from.inputs[k]).shape);
  }
  const std::size_t n = from.inputs.size();
  if (!from.layer->is_view()) {
    from.layer->backward(stream, pass, params, {inputs.data(), n}, value_of(i, pass), kept_of(i, pass), dy,
                         {input_grads.data(), n}, grads);
  } else if (!input_grads[0].empty() && input_grads[0].data != dy.data) {
    ops::axpby(stream, 1, dy, 0, input_grads[0]);
  }
  for (std::size_t k = 0; k < n; ++k) {
    const std::size_t f = static_cast<std::size_t>(from.inputs[k]);
    if (!needed[f]) continue;
    if (written[f]) ops::axpby(stream, 1, input_grads[k], 1, array(grad[f], pass, node(from.inputs[k]).shape));
    written[f] = true;
  }
}

void Tape::backward(Stream& stream, const Pass& pass, View<const float> params, View<float> grads) {
  for (int i = plan_->count - 1; i > 0; --i) {
    if (!plan_->needed[static_cast<std::size_t>(i)]) continue;
    const ProfileScope scope = nn::measure_backward(stream, *plan_->network, i, pass.batch);
    plan_->backward_node(stream, pass, params, i, grads);
  }
}

View<const float> Tape::value(const Pass& pass, int node) const {
  FEDSCAPE_CHECK(plan_->watched.at(static_cast<std::size_t>(node)), "node {} is not watched", node);
  return plan_->value_of(node, pass);
}

View<const float> Tape::gradient(const Pass& pass, int node) const {
  FEDSCAPE_CHECK(plan_->watched.at(static_cast<std::size_t>(node)), "node {} is not watched", node);
  return plan_->array(plan_->grad[static_cast<std::size_t>(node)], pass, plan_->node(node).shape);
}

void Tape::update_statistics(Stream& stream, const Pass& pass, View<float> params, std::span<const float> momentum) {
  for (int i = 1; i < plan_->count; ++i)
    plan_->node(i).layer->update_statistics(stream, pass.batch, params, plan_->kept_of(i, pass), momentum);
}

}  // namespace fedscape
