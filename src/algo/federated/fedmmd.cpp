#include "fedscape/algo/federated/fedmmd.hpp"

#include <cmath>

#include "fedscape/ops/feature_loss.hpp"

namespace fedscape {

void FedMmd::options(Fields& f) {
  f.field("lambda", lambda, "FedMMD: weight of the discrepancy between features; 0: FedAvg");
}

void FedMmd::check(const OptimizerOptions&) const {
  FEDSCAPE_CHECK(lambda >= 0 && std::isfinite(lambda), "lambda of FedMMD is {}; it must be 0 or more", lambda);
}

std::vector<Stage> FedMmd::stages() const { return {{.features = lambda != 0, .others = lambda != 0}}; }

void FedMmd::loss(const LocalStep& step, const Outputs& out, OutputGrads& grads, View<float> loss) const {
  FederatedAlgorithm::loss(step, out, grads, loss);
  if (lambda == 0) return;
  ops::mean_discrepancy(step.stream, step.batch, lambda, out.features, step.others[0].features, loss, grads.features);
}

}  // namespace fedscape
