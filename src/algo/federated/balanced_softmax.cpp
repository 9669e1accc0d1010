#include "fedscape/algo/federated/balanced_softmax.hpp"

#include <cmath>

#include "fedscape/ops/loss.hpp"

namespace fedscape {

void BalancedSoftmax::options(Fields& f) {
  f.field("tau", tau, "balanced softmax: weight of the logarithms of the class counts; 0: FedAvg");
}

void BalancedSoftmax::check(const OptimizerOptions&) const {
  FEDSCAPE_CHECK(tau >= 0 && std::isfinite(tau), "tau of balanced softmax is {}; it must be 0 or more", tau);
}

FederatedAlgorithm::Footprint BalancedSoftmax::footprint(const ParamLayout& layout, int classes) const {
  return {.upload = layout.size(), .terms = classes};
}

void BalancedSoftmax::terms(std::span<const float> label_counts, std::span<float> shift) const {
  for (std::size_t c = 0; c < shift.size(); ++c)
    shift[c] = tau == 0 ? 0 : static_cast<float>(tau * std::log(static_cast<double>(label_counts[c])));
}

void BalancedSoftmax::loss(const LocalStep& step, const Outputs& out, OutputGrads& grads, View<float> loss) const {
  ops::adjusted_cross_entropy(step.stream, step.batch, out.logits, step.labels, {}, step.block.terms, loss,
                              grads.logits);
}

}  // namespace fedscape
