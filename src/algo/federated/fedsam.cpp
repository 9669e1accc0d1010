#include "fedscape/algo/federated/fedsam.hpp"

#include <cmath>

#include "fedscape/ops/optimizer.hpp"

namespace fedscape {

void FedSam::options(Fields& f) { f.field("rho", rho, "FedSAM: how far up the gradient is taken; 0: FedAvg"); }

void FedSam::check(const OptimizerOptions&) const {
  FEDSCAPE_CHECK(rho >= 0 && std::isfinite(rho), "rho of FedSAM is {}; it must be 0 or more", rho);
}

std::vector<Stage> FedSam::stages() const {
  return {{.probe = rho != 0 ? Stage::Probe::same_batch : Stage::Probe::none}};
}

void FedSam::probe(const LocalStep& step, View<const float> grads, View<float> point) const {
  ops::ascend_rows(step.stream, static_cast<float>(rho), grads, point);
}

}  // namespace fedscape
