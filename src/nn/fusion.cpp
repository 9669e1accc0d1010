#include "src/nn/fusion.hpp"

namespace fedscape::nn {

namespace {

template <class T>
const T* as(const Network::Node& node) {
  return dynamic_cast<const T*>(node.layer.get());
}

/// The steps under construction.
class Fusion {
 public:
  explicit Fusion(const Network& network) : network_(network), made_by_(network.nodes().size(), -1) {}
  std::vector<Step> steps();

 private:
  const Network::Node& node(int i) const { return network_.nodes()[static_cast<std::size_t>(i)]; }
  int& made_by(int i) { return made_by_[static_cast<std::size_t>(i)]; }
  int sole_consumer(int i) const;
  void take(Step& step, int next) {
    step.last = next;
    made_by(next) = step.first;
  }
  template <class T>
  void take_as(Step& step, const T*& part);
  Step begun_at(int i);
  void take_sum(Step& step);
  void take_relu(Step& step);

  const Network& network_;
  std::vector<int> made_by_;  // the first node of the step that makes a node's value; -1: none yet
};

std::vector<Step> Fusion::steps() {
  std::vector<Step> steps;
  made_by(0) = 0;
  for (int i = 1; i < static_cast<int>(network_.nodes().size()); ++i) {
    if (made_by(i) >= 0) continue;
    if (node(i).layer->is_view())
      made_by(i) = i;
    else
      steps.push_back(begun_at(i));
  }
  return steps;
}

/// The one node that reads node i, or -1 where it is read by several, or is an output itself.
int Fusion::sole_consumer(int i) const {
  if (i == network_.feature_node()) return -1;
  int found = -1;
  for (int j = i + 1; j < static_cast<int>(network_.nodes().size()); ++j)
    for (const int input : node(j).inputs)
      if (input == i) {
        if (found >= 0) return -1;
        found = j;
      }
  return found;
}

/// The node behind the step is done along, if it is a T.
template <class T>
void Fusion::take_as(Step& step, const T*& part) {
  const int next = sole_consumer(step.last);
  part = next >= 0 ? as<T>(node(next)) : nullptr;
  if (part) take(step, next);
}

Step Fusion::begun_at(int i) {
  Step step{.first = i, .last = i};
  step.conv = as<Conv>(node(i));
  step.linear = as<Linear>(node(i));
  step.group_norm = as<GroupNorm>(node(i));
  take(step, i);
  if (step.group_norm) take_as(step, step.encoding);
  if (!step.conv && !step.linear) return step;
  take_as(step, step.norm);
  take_as(step, step.encoding);
  if (step.conv) take_sum(step);
  take_relu(step);
  return step;
}

void Fusion::take_sum(Step& step) {
  const int next = sole_consumer(step.last);
  if (next < 0 || !as<Add>(node(next))) return;
  const std::vector<int>& sum = node(next).inputs;
  const int other = sum[0] == step.last ? sum[1] : sum[0];
  // The other summand must stand already, in memory of the plan.
  if (made_by(other) < 0 || root_of(network_, other) == 0) return;
  step.residual = other;
  take(step, next);
}

void Fusion::take_relu(Step& step) {
  const int next = sole_consumer(step.last);
  const LeakyRelu* relu = next >= 0 ? as<LeakyRelu>(node(next)) : nullptr;
  if (!relu || relu->slope() != 0) return;
  step.relu = true;
  take(step, next);
  // max(0, a) * e is max(0, a * e) where e is not negative.
  const int behind = sole_consumer(step.last);
  const PositionEncoding* encoding = behind >= 0 ? as<PositionEncoding>(node(behind)) : nullptr;
  if (!encoding || step.residual >= 0 || step.encoding || !encoding->scales_without_signs()) return;
  step.encoding = encoding;
  take(step, behind);
}

}  // namespace

std::vector<Step> fuse(const Network& network) { return Fusion(network).steps(); }

int root_of(const Network& network, int node) {
  const auto at = [&](int i) -> const Network::Node& { return network.nodes()[static_cast<std::size_t>(i)]; };
  while (node > 0 && at(node).layer->is_view()) node = at(node).inputs[0];
  return node;
}

}  // namespace fedscape::nn
