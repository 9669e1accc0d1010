#include "fedscape/algo/federated/fedlc.hpp"

#include <cmath>

#include "fedscape/ops/loss.hpp"

namespace fedscape {

void FedLc::options(Fields& f) {
  f.field("tau", tau, "FedLC: how much larger the margins of classes with few samples are; 0: FedAvg");
}

void FedLc::check(const OptimizerOptions&) const {
  FEDSCAPE_CHECK(tau >= 0 && std::isfinite(tau), "tau of FedLC is {}; it must be 0 or more", tau);
}

FederatedAlgorithm::Footprint FedLc::footprint(const ParamLayout& layout, int classes) const {
  return {.upload = layout.size(), .terms = classes};
}

void FedLc::terms(std::span<const float> label_counts, std::span<float> shift) const {
  for (std::size_t c = 0; c < shift.size(); ++c)
    shift[c] = tau == 0 ? 0 : static_cast<float>(-tau * std::pow(static_cast<double>(label_counts[c]), -0.25));
}

void FedLc::loss(const LocalStep& step, const Outputs& out, OutputGrads& grads, View<float> loss) const {
  ops::adjusted_cross_entropy(step.stream, step.batch, out.logits, step.labels, {}, step.block.terms, loss,
                              grads.logits);
}

}  // namespace fedscape
