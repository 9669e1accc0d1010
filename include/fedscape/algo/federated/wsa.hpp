#pragma once

#include <string>

#include "fedscape/algo/federated/penalty.hpp"

namespace fedscape {

/// WSA, weight scope alignment in federated learning (Li et al., Weight Scope Alignment: A Frustratingly Easy Method
/// for Model Merging, arXiv 2408.12237, ECAI 2024). Models average well where the weights of a layer spread alike. The
/// scope of layer l is the mean and deviation (mu_l, sigma_l) of its weights; the server holds a target for each layer,
/// and clients add, with lambda,
///
///     R = sum_l KL( N(mu_l, sigma_l) || N(mu'_l, sigma'_l) ),   formulas in ops/scope.hpp.
///
/// After a round the target becomes the fusion of the trained clients' scopes, with their aggregation weights: not the
/// scope of the averaged model, which is narrower. In the first round there is none, and nothing is added.
///
/// That weights are seen as Gaussians, aligned by KL and fused into a target is the paper's. Its code is not public;
/// our own readings are: the layers (weights of convolutions and linear layers of two weights or more, no biases or
/// norms), the direction of the divergence (current_target; target_current is the option), the three fusions (mean
/// first), the weights of fusion, and `scale`: with mean, dR/dw carries 1/n_l, thousandths to millionths; sum
/// multiplies layer l by its n_l. lambda = 0.01 suits sum, where steps of plain SGD are stable as long as
/// lr lambda < sigma'^2 in every layer.
class Wsa : public Penalty {
 public:
  void options(Fields& f) override;
  bool active() const override { return lambda != 0; }
  FederatedAlgorithm::Footprint footprint(const Problem& problem) const override;
  void add_gradient(const LocalStep& step, View<float> loss, View<float> grads) const override;
  void upload(const LocalResult& result, View<float> upload) const override;
  void server_update(const ServerStep& step) const override;

  double lambda = 0;
  std::string divergence = "current_target", scale = "sum", fusion = "mean";
};

}  // namespace fedscape
