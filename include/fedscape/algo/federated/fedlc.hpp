#pragma once

#include "fedscape/algo/federated/algorithm.hpp"

namespace fedscape {

/// FedLC, logit calibration (Zhang, Li, Li, Xu, Wu, Ding and Wu, ICML 2022). The fewer samples n_c a client holds of
/// class c, the larger a margin it is asked for: local cross-entropy of the logits
///
///     f_c - tau n_c^(-1/4).
///
/// A class without samples is left out, the limit of n_c -> 0: its logit gets no gradient. tau = 0 is FedAvg.
class FedLc : public FederatedAlgorithm {
 public:
  void options(Fields& f) override;
  void check(const OptimizerOptions& local) const override;
  Footprint footprint(const ParamLayout& layout, int classes) const override;
  void terms(std::span<const float> label_counts, std::span<float> shift) const override;
  void loss(const LocalStep& step, const Outputs& out, OutputGrads& grads, View<float> loss) const override;

  double tau = 1;
};

}  // namespace fedscape
