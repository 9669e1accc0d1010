#pragma once

#include "fedscape/algo/federated/algorithm.hpp"

namespace fedscape {

/// FedMMD (Yao, Huang, Wu, Zhang and Sun, "Two-stream federated learning", VCIP 2018): clients stay near the received
/// model in what they see, not in their weights. The local loss gets lambda times the maximum mean discrepancy between
/// the features of the batch in the trained and in the received model, which is seen as in evaluation; the kernels
/// stand in ops/feature_loss.hpp. lambda = 0 is FedAvg.
class FedMmd : public FederatedAlgorithm {
 public:
  void options(Fields& f) override;
  void check(const OptimizerOptions& local) const override;
  std::vector<Stage> stages() const override;
  void loss(const LocalStep& step, const Outputs& out, OutputGrads& grads, View<float> loss) const override;

  double lambda = 0.01;
};

}  // namespace fedscape
