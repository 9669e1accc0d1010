#include "fedscape/algo/federated/shifted_logits.hpp"

#include <cmath>

#include "fedscape/ops/loss.hpp"

namespace fedscape {

void ShiftedLogits::check(const OptimizerOptions&) const {
  FEDSCAPE_CHECK(tau >= 0 && std::isfinite(tau), "tau of {} is {}; it must be 0 or more", name(), tau);
}

FederatedAlgorithm::Footprint ShiftedLogits::footprint(const Problem& problem) const {
  return {.upload = problem.layout.size(), .terms = problem.classes};
}

void ShiftedLogits::terms(std::span<const float> label_counts, std::span<float> shifts) const {
  for (std::size_t c = 0; c < shifts.size(); ++c)
    shifts[c] = tau == 0 ? 0 : static_cast<float>(tau * shift(static_cast<double>(label_counts[c])));
}

void ShiftedLogits::loss(const LocalStep& step, const Outputs& out, OutputGrads& grads, View<float> loss) const {
  ops::adjusted_cross_entropy(step.stream, step.batch, out.logits, step.labels, {}, step.block.terms, loss,
                              grads.logits);
}

}  // namespace fedscape
