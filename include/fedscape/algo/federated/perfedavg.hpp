#pragma once

#include "fedscape/algo/federated/algorithm.hpp"

namespace fedscape {

/// Per-FedAvg, first order (Fallah, Mokhtari and Ozdaglar, NeurIPS 2020): the global model is to be one that a few
/// steps make a good personal one. A local step at theta uses two batches, D and D':
///
///     theta <- theta - lr grad L(theta - alpha grad L(theta; D); D'),
///
/// the Hessian that the exact gradient has left out, as in the paper's FO variant. The personal model is the global one
/// after tuning_steps steps of the local optimiser on its client's samples, at rate alpha. alpha = 0 is FedAvg on the
/// second batches. The reported loss is that of D at theta; weight decay and penalties act at theta, and both passes
/// share dropout masks.
class PerFedAvg : public FederatedAlgorithm {
 public:
  void options(Fields& f) override;
  void check(const OptimizerOptions& local) const override;
  Footprint footprint(const Problem& problem) const override;
  std::vector<Stage> stages() const override;
  std::vector<Stage> tuning() const override;
  void probe(const LocalStep& step, View<const float> grads, View<float> point) const override;

  double alpha = 0.01;
  std::int64_t tuning_steps = 1;
};

}  // namespace fedscape
