#include "fedscape/algo/federated/fedrod.hpp"

#include <cmath>

#include "fedscape/ops/gemm.hpp"
#include "fedscape/ops/loss.hpp"
#include "fedscape/ops/optimizer.hpp"
#include "fedscape/ops/reduce.hpp"

namespace fedscape {

namespace {

/// Where the classifier's weight [C,F] and bias [C] stand in a model. A private head has one after the other.
struct Head {
  const ParamSlot *weight = nullptr, *bias = nullptr;
  std::int64_t size() const { return weight->size() + (bias ? bias->size() : 0); }
  /// Of the private heads [M,H].
  template <class T>
  Slot<T> bias_of(const View<T>& heads) const {
    return bias ? slot(heads, weight->size()) : Slot<T>{};
  }
};
Head head_of(const ParamLayout& layout) {
  Head head;
  for (const ParamSlot& slot : layout.slots()) {
    if (slot.group != ParamGroup::classifier) continue;
    if (slot.role == ParamRole::weight) head.weight = &slot;
    if (slot.role == ParamRole::bias) head.bias = &slot;
  }
  FEDSCAPE_CHECK(head.weight, "FedROD adds to the rows of a linear classifier, and this network has none");
  return head;
}

/// Classifiers of the models params [M,P] += private heads [M,H].
void add_private(Stream& stream, const Network& network, View<const float> heads, View<float> params) {
  const Head head = head_of(network.layout());
  for (std::int64_t m = 0; m < params.shape[0]; ++m) {
    const float* next = heads.data + m * heads.shape[1];
    for (const ParamSlot* const part : {head.weight, head.bias}) {
      if (!part) continue;
      ops::axpby(stream, 1, View<const float>(next, {part->size()}), 1,
                 View<float>(params.data + m * params.shape[1] + part->offset, {part->size()}));
      next += part->size();
    }
  }
}

/// A step of SGD on the private heads, by the cross-entropy of both heads' logits.
void train_private(const LocalStep& step, const Outputs& out) {
  const Head head = head_of(step.network.layout());
  const View<float> heads = step.block.memory;
  const OptimizerOptions& local = *step.optimizer;
  Tensor<float> z(step.stream, out.logits.shape), loss(step.stream, {step.batch.models}),
      gradient(step.stream, heads.shape);
  const View<float> g = gradient.view();
  ops::linear_forward(step.stream, step.batch, out.features, slot<const float>(heads, 0),
                      head.bias_of<const float>(heads), false, z);
  ops::axpby(step.stream, 1, out.logits, 1, z);
  ops::softmax_cross_entropy(step.stream, step.batch, z, step.labels, loss, z);
  ops::linear_backward_weights(step.stream, step.batch, out.features, z, slot(g, 0), head.bias_of(g));
  if (local.clip > 0) ops::clip_rows(step.stream, static_cast<float>(local.clip), step.batch.models, g);
  const ops::Sgd rates{step.lr, static_cast<float>(local.momentum), static_cast<float>(local.weight_decay),
                       local.nesterov};
  ops::sgd(step.stream, rates, step.batch.models, head.size(), slot<const float>(g, 0), slot(heads, 0),
           local.momentum > 0 ? slot(step.block.scratch, 0) : Slot<float>{});
}

}  // namespace

double FedRod::shift(double count) const { return std::log(count); }

void FedRod::options(Fields& f) {
  f.field("tau", tau, "FedROD: weight of the logarithms of the class counts in the loss of the generic head");
}

void FedRod::check(const OptimizerOptions& local) const {
  ShiftedLogits::check(local);
  FEDSCAPE_CHECK(local.optimizer == "sgd", "FedROD trains private heads by sgd; the local optimizer is {}",
                 local.optimizer);
}

// A client remembers its private head, and in a round that head's velocity.
FederatedAlgorithm::Footprint FedRod::footprint(const Problem& problem) const {
  Footprint size = ShiftedLogits::footprint(problem);
  size.client = size.scratch = head_of(problem.layout).size();
  size.personal = true;
  return size;
}

void FedRod::start(const BlockStart& start, View<float>) const { ops::fill(start.stream, 0.0f, start.block.scratch); }

// The private head first: gradients may take the place of logits.
void FedRod::loss(const LocalStep& step, const Outputs& out, OutputGrads& grads, View<float> loss) const {
  train_private(step, out);
  ShiftedLogits::loss(step, out, grads, loss);
}

void FedRod::keep(const LocalResult& result, View<float> params) const {
  add_private(result.stream, result.network, result.block.memory, params);
}

void FedRod::personal(const BlockStart& start, View<float> params) const {
  add_private(start.stream, start.network, start.block.memory, params);
}

}  // namespace fedscape
