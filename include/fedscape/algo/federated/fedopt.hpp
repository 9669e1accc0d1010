#pragma once

#include <string>

#include "fedscape/algo/federated/algorithm.hpp"

namespace fedscape {

/// FedOpt (Reddi, Charles, Zaheer, Garrett, Rush, Konecny, Kumar and McMahan, ICLR 2021): the mean difference d of the
/// clients is the step of a server optimiser, kind = adam, yogi, adagrad, or momentum (FedAvgM: Hsu, Qi and Brown,
/// 2019); the formulas stand in ops/server_step.hpp. Second moments begin at tau^2, no bias correction, as in the
/// paper. kind = momentum with beta1 = 0 and server_lr = 1 is FedAvg. Statistics are averaged.
class FedOpt : public FederatedAlgorithm {
 public:
  void options(Fields& f) override;
  Footprint footprint(const Problem& problem) const override;
  void initial_memory(Stream& stream, View<const float> global, View<float> server) const override;
  void server_update(const ServerStep& step) const override;

  std::string kind = "adam";
  double server_lr = 0.01, beta1 = 0.9, beta2 = 0.99, tau = 1e-3;
};

}  // namespace fedscape
