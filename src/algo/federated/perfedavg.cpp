#include "fedscape/algo/federated/perfedavg.hpp"

#include <cmath>

#include "fedscape/ops/reduce.hpp"

namespace fedscape {

void PerFedAvg::options(Fields& f) {
  f.field("alpha", alpha, "Per-FedAvg: rate of the step to a personal model");
  f.field("tuning_steps", tuning_steps, "Per-FedAvg: such steps before personal metrics are taken");
}

void PerFedAvg::check(const OptimizerOptions&) const {
  FEDSCAPE_CHECK(alpha >= 0 && std::isfinite(alpha), "alpha of Per-FedAvg is {}; it must be 0 or more", alpha);
  FEDSCAPE_CHECK(tuning_steps >= 0 && tuning_steps < 1 << 24,
                 "tuning_steps of Per-FedAvg is {}; 0 to 16777215 are possible", tuning_steps);
}

FederatedAlgorithm::Footprint PerFedAvg::footprint(const Problem& problem) const {
  return {.upload = problem.layout.size(), .personal = true};
}

std::vector<Stage> PerFedAvg::stages() const { return {{.probe = Stage::Probe::next_batch}}; }

std::vector<Stage> PerFedAvg::tuning() const { return {{.steps = 0, .min_steps = tuning_steps, .lr = alpha}}; }

void PerFedAvg::probe(const LocalStep& step, View<const float> grads, View<float> point) const {
  ops::axpby(step.stream, -static_cast<float>(alpha), grads, 1, point);
}

}  // namespace fedscape
