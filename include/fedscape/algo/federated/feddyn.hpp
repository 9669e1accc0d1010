#pragma once

#include "fedscape/algo/federated/algorithm.hpp"

namespace fedscape {

/// FedDyn (Acar, Zhao, Navarro, Mattina, Whatmough and Saligrama, ICLR 2021): a dynamic regulariser makes the minima of
/// the clients agree with that of their mean. Client k remembers g_k, the server h; with theta the received and theta_k
/// the trained model, S of K clients:
///
///     gradient:  grad L_k - g_k + alpha (theta_k - theta)
///     g_k <- g_k - alpha (theta_k - theta),     h <- h - alpha S / K * mean(theta_k - theta)
///     theta <- mean(theta_k) - h / alpha.
///
/// g_k and h begin at 0. Statistics are averaged. The reported loss is L_k alone. Deviation of others: the FedRepo
/// release has c * mean + (1 - c) * theta on the server and divides the regulariser by the number of tensors: not here.
class FedDyn : public FederatedAlgorithm {
 public:
  void options(Fields& f) override;
  void check(const OptimizerOptions& local) const override;
  Footprint footprint(const Problem& problem) const override;
  void correct_gradient(const LocalStep& step, View<float> grads) const override;
  void upload(const LocalResult& result, View<float> upload) const override;
  void server_update(const ServerStep& step) const override;

  double alpha = 0.01;
};

}  // namespace fedscape
