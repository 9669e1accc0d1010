#include "src/nn/layer_cost.hpp"

#include <numeric>

namespace fedscape::nn {

namespace {

const Network::Node& node_of(const Network& network, int node) {
  return network.nodes()[static_cast<std::size_t>(node)];
}

double samples_of(const Batch& batch) {
  return std::accumulate(batch.counts.begin(), batch.counts.begin() + batch.models, 0.0);
}

/// Per sample: operations of all inputs together.
double flops_of(const Network& network, const Network::Node& node) {
  return node.layer->flops(node_of(network, node.inputs[0]).shape, node.shape);
}

/// Per sample: numbers of all inputs, or of those whose gradient somebody needs.
double inputs_of(const Network& network, const Network::Node& node, bool with_grad) {
  double total = 0;
  for (const int input : node.inputs)
    if (node_of(network, input).trained || !with_grad)
      total += static_cast<double>(node_of(network, input).shape.size());
  return total;
}

}  // namespace

Cost forward_cost(const Network& network, int node, const Batch& batch) {
  const Network::Node& at = node_of(network, node);
  const double samples = samples_of(batch), y = static_cast<double>(at.shape.size());
  const double params = static_cast<double>(at.params) * batch.models;
  return {samples * flops_of(network, at), sizeof(float) * (samples * (inputs_of(network, at, false) + y) + params)};
}

Cost backward_cost(const Network& network, int node, const Batch& batch) {
  const Network::Node& at = node_of(network, node);
  const Layer& layer = *at.layer;
  if (layer.is_view()) return {};
  const double samples = samples_of(batch), y = static_cast<double>(at.shape.size());
  const double x = inputs_of(network, at, false), dx = inputs_of(network, at, true);
  const double params = static_cast<double>(at.params) * batch.models;
  const double gradients = (params > 0 ? 1 : 0) + (dx > 0 ? 1 : 0);
  const double maps = y + dx + (layer.needs_input() ? x : 0) + (layer.needs_output() ? y : 0);
  return {gradients * samples * flops_of(network, at), sizeof(float) * (samples * maps + params * (dx > 0 ? 2 : 1))};
}

ProfileScope measure_forward(Stream& stream, const Network& network, int node, const Batch& batch) {
  if (!stream.profile()) [[likely]]
    return ProfileScope(nullptr, Phase::forward);
  return ProfileScope(stream, Phase::forward, node_of(network, node).layer->kind(), forward_cost(network, node, batch));
}

ProfileScope measure_backward(Stream& stream, const Network& network, int node, const Batch& batch) {
  if (!stream.profile()) [[likely]]
    return ProfileScope(nullptr, Phase::backward);
  return ProfileScope(stream, Phase::backward, node_of(network, node).layer->kind(),
                      backward_cost(network, node, batch));
}

}  // namespace fedscape::nn
