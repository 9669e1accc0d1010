#pragma once

#include "fedscape/algo/federated/own_models.hpp"

namespace fedscape {

/// pFedMe (Dinh, Tran and Nguyen, NeurIPS 2020): clients minimise their Moreau envelopes, so that a personal model may
/// leave the one that is sent. A client has theta_k and w_k, both at first the received w. On each batch theta_k takes
/// inner_steps steps of the local optimiser on
///
///     L_k(theta_k) + lambda / 2 * ||theta_k - w_k||^2,     then  w_k <- w_k - eta lambda (w_k - theta_k),
///
/// and in the end the server moves by w <- (1 - beta) w + beta mean(w_k). theta_k is the personal model; it begins as
/// the model that the client first receives. inner_steps = 1 with eta lambda = beta = 1 is FedAvg. Statistics are those
/// of theta_k, averaged. The reported loss is L_k(theta_k) alone. The learning rate, its schedule, momentum and weight
/// decay are those of the inner steps; eta stays. MAP's release sets eta lambda as one number.
class PFedMe : public OwnModels {
 public:
  void options(Fields& f) override;
  void check(const OptimizerOptions& local) const override;
  Footprint footprint(const Problem& problem) const override;
  std::vector<Stage> stages() const override;
  void start(const BlockStart& start, View<float> params) const override;
  void correct_gradient(const LocalStep& step, View<float> grads) const override;
  void after_step(const LocalStep& step, View<float> params) const override;
  void upload(const LocalResult& result, View<float> upload) const override;
  void server_update(const ServerStep& step) const override;

  double lambda = 15, eta = 0.005, beta = 1;
  std::int64_t inner_steps = 5;
};

}  // namespace fedscape
