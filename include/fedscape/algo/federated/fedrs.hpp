#pragma once

#include <string>

#include "fedscape/algo/federated/algorithm.hpp"

namespace fedscape {

/// FedRS, restricted softmax (Li and Zhan, KDD 2021). A client that lacks class c only ever pushes w_c away from its
/// features, so that averaged classifiers forget rare classes. FedRS weakens that push in local training:
///
///     p(c | h) ~ exp(a_c f_c),     f_c = w_c.h + b_c,     df_c = a_c (p(c | h) - [c = y]).
///
/// mask = binary: a_c = 1 where the client holds at least min_samples of class c, else alpha.
/// mask = soft:   a_c = alpha + (1 - alpha) n_c / max over j of n_j, as in the FedRepo release.
/// alpha = 1 is FedAvg; with alpha = 0 the rows of absent classes stay. Deviations: the paper's classifiers have no
/// bias, one that is there is scaled along; MAP's release compares min_samples with shares instead of counts, which
/// makes every a_c alpha: not done here.
class FedRs : public FederatedAlgorithm {
 public:
  void options(Fields& f) override;
  void check(const OptimizerOptions& local) const override;
  Footprint footprint(const Problem& problem) const override;
  void terms(std::span<const float> label_counts, std::span<float> scale) const override;
  void loss(const LocalStep& step, const Outputs& out, OutputGrads& grads, View<float> loss) const override;

  double alpha = 0.5;
  std::string mask = "binary";
  std::int64_t min_samples = 1;
};

}  // namespace fedscape
