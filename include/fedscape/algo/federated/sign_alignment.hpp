#pragma once

#include <string>

#include "fedscape/algo/federated/penalty.hpp"

namespace fedscape {

/// FedSign (Li et al., Exploring and Exploiting the Asymmetric Valley of Deep Neural Networks, NeurIPS 2024): models
/// whose parameters have the same signs average well, so clients are drawn to the signs of the received model. With
/// s = sign(theta), gamma times
///
///     hinge:    R = sum_i max(0, -s_i theta_k,i)
///     logistic: R = sum_i -ln(sigmoid(slope s_i theta_k,i))     (never at rest: weights grow, the more the steeper)
///
/// over all trained parameters (not statistics) with |theta_i| >= threshold and s_i != 0; scale = mean divides by the
/// number of trained parameters. With elect, s is not the received model's sign but that of most clients of the last
/// round, by their aggregation weights (after TIES, Yadav et al., NeurIPS 2023, which elects by magnitude); where they
/// tie, and in the first round, s = 0. An election costs P floats of every upload and of the server's memory.
///
/// That client training draws the signs of parameters to the global model's is the paper's. Its penalty could not be
/// recovered: both forms, scale, threshold and elect are our own readings. gamma = 0.01 suits the hinge with sum.
class SignAlignment : public Penalty {
 public:
  void options(Fields& f) override;
  bool active() const override { return gamma != 0; }
  FederatedAlgorithm::Footprint footprint(const Problem& problem) const override;
  void add_gradient(const LocalStep& step, View<float> loss, View<float> grads) const override;
  void upload(const LocalResult& result, View<float> upload) const override;
  void server_update(const ServerStep& step) const override;

  double gamma = 0, slope = 1, threshold = 0;
  std::string kind = "hinge", scale = "sum";
  bool elect = false;
};

}  // namespace fedscape
