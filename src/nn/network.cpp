#include "fedscape/nn/network.hpp"

#include <algorithm>

#include "src/nn/layers.hpp"

namespace fedscape {

Network::Network(Shape sample) { nodes_.push_back({"input", nullptr, {}, sample}); }

int Network::add(std::string name, std::unique_ptr<Layer> layer, std::vector<int> inputs) {
  const int index = static_cast<int>(nodes_.size());
  FEDSCAPE_CHECK(!inputs.empty(), "{}: a layer without inputs", name);
  std::vector<Shape> shapes;
  for (const int input : inputs) {
    FEDSCAPE_CHECK(0 <= input && input < index, "{}: input node {} of {}", name, input, index);
    FEDSCAPE_CHECK(std::count(inputs.begin(), inputs.end(), input) == 1, "{}: one input twice", name);
    shapes.push_back(nodes_[static_cast<std::size_t>(input)].shape);
  }
  const std::int64_t params_before = layout_.size();
  const Shape shape = layer->build(layout_, name, shapes);
  FEDSCAPE_CHECK(shape.size() > 0, "{}: nothing is left of a sample {} behind this layer", name, shapes[0].text());
  const std::int64_t params = layout_.size() - params_before;
  const bool trained = params > 0 || std::any_of(inputs.begin(), inputs.end(), [this](int from) {
                         return nodes_[static_cast<std::size_t>(from)].trained;
                       });
  nodes_.push_back({std::move(name), std::move(layer), std::move(inputs), shape, params, trained});
  return index;
}

void Network::finish() {
  std::vector<bool> used(nodes_.size());
  for (const Node& node : nodes_)
    for (const int input : node.inputs) used[static_cast<std::size_t>(input)] = true;
  for (std::size_t i = 0; i + 1 < nodes_.size(); ++i)
    FEDSCAPE_CHECK(used[i], "nothing uses the output of {}", nodes_[i].name);
  FEDSCAPE_CHECK(nodes_.size() > 1 && nodes_.back().shape.rank() == 1,
                 "a network must end in one number per class, not in {}", nodes_.back().shape.text());
  const auto is_linear = [](const Node& node) { return dynamic_cast<const nn::Linear*>(node.layer.get()) != nullptr; };
  const auto classifier = std::find_if(nodes_.rbegin(), nodes_.rend(), is_linear);
  feature_node_ = classifier == nodes_.rend() ? nodes_.back().inputs[0] : classifier->inputs[0];
  if (classifier != nodes_.rend()) layout_.set_group(classifier->name + ".", ParamGroup::classifier);
}

int Network::classes() const { return static_cast<int>(nodes_.back().shape[0]); }

bool Network::has_statistics() const {
  const auto slots = layout_.slots();
  return std::any_of(slots.begin(), slots.end(), [](const ParamSlot& s) { return s.role == ParamRole::statistic; });
}

}  // namespace fedscape
