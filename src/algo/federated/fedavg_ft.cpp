#include "fedscape/algo/federated/fedavg_ft.hpp"

#include <cmath>

namespace fedscape {

void FedAvgFt::options(Fields& f) {
  f.field("tuning_steps", tuning_steps, "FedAvg-FT: steps on a client's samples before personal metrics are taken");
  f.field("tuning_lr", tuning_lr, "FedAvg-FT: rate of those steps");
}

void FedAvgFt::check(const OptimizerOptions&) const {
  FEDSCAPE_CHECK(tuning_steps >= 0 && tuning_steps < 1 << 24,
                 "tuning_steps of FedAvg-FT is {}; 0 to 16777215 are possible", tuning_steps);
  FEDSCAPE_CHECK(tuning_lr >= 0 && std::isfinite(tuning_lr), "tuning_lr of FedAvg-FT is {}; it must be 0 or more",
                 tuning_lr);
}

FederatedAlgorithm::Footprint FedAvgFt::footprint(const Problem& problem) const {
  return {.upload = problem.layout.size(), .personal = true};
}

std::vector<Stage> FedAvgFt::tuning() const { return {{.steps = 0, .min_steps = tuning_steps, .lr = tuning_lr}}; }

}  // namespace fedscape
