#include "fedscape/algo/federated/dittors.hpp"

namespace fedscape {

void DittoRs::options(Fields& f) {
  Ditto::options(f);
  rs.options(f);
}

void DittoRs::check(const OptimizerOptions& local) const {
  Ditto::check(local);
  rs.check(local);
}

FederatedAlgorithm::Footprint DittoRs::footprint(const Problem& problem) const {
  Footprint size = Ditto::footprint(problem);
  size.terms = rs.footprint(problem).terms;
  return size;
}

void DittoRs::terms(std::span<const float> label_counts, std::span<float> scale) const {
  rs.terms(label_counts, scale);
}

void DittoRs::loss(const LocalStep& step, const Outputs& out, OutputGrads& grads, View<float> loss) const {
  if (step.stage == kPersonal) return Ditto::loss(step, out, grads, loss);
  rs.loss(step, out, grads, loss);
}

}  // namespace fedscape
