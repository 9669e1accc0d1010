#include "fedscape/algo/federated/scaffoldrs.hpp"

namespace fedscape {

void ScaffoldRs::options(Fields& f) {
  Scaffold::options(f);
  rs.options(f);
}

FederatedAlgorithm::Footprint ScaffoldRs::footprint(const Problem& problem) const {
  Footprint size = Scaffold::footprint(problem);
  size.terms = rs.footprint(problem).terms;
  return size;
}

void ScaffoldRs::terms(std::span<const float> label_counts, std::span<float> scale) const {
  rs.terms(label_counts, scale);
}

void ScaffoldRs::loss(const LocalStep& step, const Outputs& out, OutputGrads& grads, View<float> loss) const {
  rs.loss(step, out, grads, loss);
}

}  // namespace fedscape
