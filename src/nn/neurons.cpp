#include "fedscape/nn/neurons.hpp"

#include <algorithm>
#include <iterator>
#include <map>

#include "fedscape/base/at.hpp"
#include "fedscape/nn/neuron_mover.hpp"

namespace fedscape {

namespace {

std::int64_t last_axis(const Shape& shape) { return shape[shape.rank() - 1]; }

}  // namespace

/// Every channel of every node is a wire; wires that must be the same neuron are joined, wire 0 is all that is fixed.
class Neurons::Wiring {
 public:
  Wiring(const Network& network, Neurons& neurons) : network_(network), neurons_(neurons) {
    add_wire("");
    neurons_.of_node_.push_back(std::vector<int>(at(last_axis(network.sample())), 0));
    for (int i = 1; i < static_cast<int>(network.nodes().size()); ++i) add_node(i);
    for (const int wire : neurons_.of_node_.back()) join(0, wire);
  }
  void number();

 private:
  int root(int wire) {
    while (parent_[at(wire)] != wire) wire = parent_[at(wire)] = parent_[at(parent_[at(wire)])];
    return wire;
  }
  void join(int a, int b) {
    a = root(a), b = root(b);
    parent_[at(std::max(a, b))] = std::min(a, b);
  }
  int add_wire(const std::string& name) {
    parent_.push_back(static_cast<int>(parent_.size()));
    names_.push_back(name);
    return parent_.back();
  }
  void add_node(int i);
  std::vector<int> output_of(const Network::Node& node);
  void add_axes(const Network::Node& node, const std::vector<int>& output);

  const Network& network_;
  Neurons& neurons_;
  std::vector<int> parent_;
  std::vector<std::string> names_;                  // of the node that made a wire
  std::vector<std::vector<std::vector<int>>> kin_;  // for each norm with groups: the wires of each of them
  std::int64_t next_ = 0;                           // where the parameters of the next node begin
};

void Neurons::Wiring::add_node(int i) {
  const Network::Node& node = network_.nodes()[at(i)];
  std::vector<int> output = output_of(node);
  add_axes(node, output);
  const int groups = node.layer->channel_groups();
  if (groups > 1) {
    const std::size_t size = output.size() / at(groups);
    std::vector<std::vector<int>> kin;
    for (std::size_t g = 0; g < at(groups); ++g)
      kin.emplace_back(output.begin() + std::ptrdiff_t(g * size), output.begin() + std::ptrdiff_t((g + 1) * size));
    kin_.push_back(std::move(kin));
  }
  neurons_.of_node_.push_back(std::move(output));
}

std::vector<int> Neurons::Wiring::output_of(const Network::Node& node) {
  const auto input = [&](std::size_t k) -> const std::vector<int>& { return neurons_.of_node_[at(node.inputs[k])]; };
  const std::size_t channels = at(last_axis(node.shape));
  std::vector<int> output;
  switch (node.layer->channels()) {
    case Channels::kept:
      output = input(0);
      for (std::size_t k = 1; k < node.inputs.size(); ++k)
        for (std::size_t c = 0; c < channels; ++c) join(output[c], input(k)[c]);
      break;
    case Channels::mixed:
      for (std::size_t c = 0; c < channels; ++c) output.push_back(add_wire(node.name));
      break;
    case Channels::joined:
      for (std::size_t k = 0; k < node.inputs.size(); ++k)
        output.insert(output.end(), input(k).begin(), input(k).end());
      break;
    case Channels::padded: {
      const std::size_t before = (channels - input(0).size()) / 2;
      for (std::size_t c = 0; c < channels; ++c) {
        const bool inside = c >= before && c - before < input(0).size();
        output.push_back(inside ? input(0)[c - before] : add_wire(node.name));
      }
      break;
    }
    case Channels::unknown:
      output.assign(channels, 0);
      for (std::size_t k = 0; k < node.inputs.size(); ++k)
        for (const int wire : input(k)) join(0, wire);
  }
  return output;
}

/// The node's slots follow those of the nodes before it.
void Neurons::Wiring::add_axes(const Network::Node& node, const std::vector<int>& output) {
  const std::int64_t begin = next_;
  next_ += node.params;
  if (node.layer->channels() == Channels::unknown) return;
  const auto slots = network_.layout().slots();
  for (int s = 0; s < static_cast<int>(slots.size()); ++s) {
    const ParamSlot& slot = slots[at(s)];
    if (slot.offset < begin || slot.offset >= next_) continue;
    neurons_.axes_.push_back({s, false, output});
    const bool weight = node.layer->channels() == Channels::mixed && slot.split.rank() > 1;
    if (weight) neurons_.axes_.push_back({s, true, neurons_.of_node_[at(node.inputs[0])]});
  }
}

/// Numbers the neurons in the order in which they are made, and puts those into one group that the same belongs to.
void Neurons::Wiring::number() {
  std::vector<int> number(parent_.size(), kFixed);
  std::vector<std::string> names;
  for (int wire = 1; wire < static_cast<int>(parent_.size()); ++wire) {
    if (root(wire) != wire) continue;
    number[at(wire)] = neurons_.size_++;
    names.push_back(names_[at(wire)]);
  }
  const auto renumber = [&](std::vector<int>& wires) {
    for (int& wire : wires) wire = number[at(root(wire))];
  };
  for (auto& wires : neurons_.of_node_) renumber(wires);
  for (Axis& axis : neurons_.axes_) renumber(axis.neurons);

  std::vector<std::vector<int>> owned(at(neurons_.size_));  // marks of all that belongs to a neuron
  int mark = 0;
  const auto put = [&](const std::vector<int>& neurons) {
    for (const int neuron : neurons)
      if (neuron != kFixed) owned[at(neuron)].push_back(mark);
    ++mark;
  };
  for (const Axis& axis : neurons_.axes_) put(axis.neurons);
  for (auto& kin : kin_)
    for (auto& wires : kin) renumber(wires), put(wires);

  std::map<std::vector<int>, std::size_t> group_of;
  for (int neuron = 0; neuron < neurons_.size_; ++neuron) {
    const auto [found, added] = group_of.try_emplace(owned[at(neuron)], neurons_.groups_.size());
    if (added) neurons_.groups_.push_back({names[at(neuron)], {}});
    neurons_.groups_[found->second].neurons.push_back(neuron);
  }
}

Neurons::Neurons(const Network& network) : layout_(&network.layout()) { Wiring(network, *this).number(); }

void Neurons::permute(std::span<const int> from, std::span<const float> params, std::span<float> out) const {
  NeuronMover(*this).permute(from, params, out);
}

std::vector<int> inverse(std::span<const int> from) {
  std::vector<int> to(from.size());
  for (std::size_t i = 0; i < from.size(); ++i) to[at(from[i])] = static_cast<int>(i);
  return to;
}

}  // namespace fedscape
