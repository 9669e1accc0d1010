#pragma once

#include "fedscape/algo/federated/algorithm.hpp"

namespace fedscape {

/// FedExP (Jhunjhunwala, Wang and Joshi, ICLR 2023): the server goes further along the mean difference d the more the
/// clients' differences d_k point apart,
///
///     theta <- theta + max(1, sum over k of p_k ||d_k||^2 / (2 (||d||^2 + eps))) d,
///
/// p_k = 1/M in the paper. A client sends ||d_k||^2 along, which must not exceed 2^18. Norms are of what is trained;
/// statistics are averaged. A cohort of one is FedAvg. Deviation: metrics are of the last model, where the paper
/// evaluates the mean of the last two.
class FedExp : public FederatedAlgorithm {
 public:
  void options(Fields& f) override;
  void check(const OptimizerOptions& local) const override;
  Footprint footprint(const Problem& problem) const override;
  void upload(const LocalResult& result, View<float> upload) const override;
  void server_update(const ServerStep& step) const override;

  double eps = 1e-3;
};

}  // namespace fedscape
