#pragma once

#include "fedscape/algo/federated/algorithm.hpp"

namespace fedscape {

/// FedNova (Wang, Liu, Liang, Joshi and Poor, NeurIPS 2020): clients that take more steps must not pull the global
/// model towards their own minimum. With p_k the weight of client k and a_k what its T steps amount to,
///
///     theta <- theta + tau sum over k of p_k (theta_k - theta) / a_k,     tau = sum over k of p_k a_k,
///     a_k = T                                                 plain SGD,
///     a_k = (T - rho (1 - rho^T) / (1 - rho)) / (1 - rho)      momentum rho; Nesterov: rho^2 for the rho before (1 -
///     rho^T).
///
/// The server may move with momentum: m <- server_momentum m + step, theta <- theta + m; the buffer of the paper's
/// release, without its detour over the local rate. A client sends (theta_k - theta) tau / a_k: weights and steps of a
/// cohort are known before it trains, and where all take the same steps this is FedAvg bit for bit. Deviation: weight
/// decay, clipping and penalties count as part of the gradient, FedProx included. Statistics are averaged.
class FedNova : public FederatedAlgorithm {
 public:
  void options(Fields& f) override;
  void check(const OptimizerOptions& local) const override;
  Footprint footprint(const Problem& problem) const override;
  void upload(const LocalResult& result, View<float> upload) const override;
  void server_update(const ServerStep& step) const override;

  /// a_k: the sum of the weights with which the gradients of `steps` local steps enter theta - theta_k, over the rate.
  static double amount(std::int64_t steps, const OptimizerOptions& local);

  double server_momentum = 0;
};

}  // namespace fedscape
