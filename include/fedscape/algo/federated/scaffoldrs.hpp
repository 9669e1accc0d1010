#pragma once

#include "fedscape/algo/federated/fedrs.hpp"
#include "fedscape/algo/federated/scaffold.hpp"

namespace fedscape {

/// ScaffoldRS (FedRepo release of Li and Zhan, KDD 2021): SCAFFOLD's control variates on FedRS's local objective.
/// alpha = 1 is SCAFFOLD.
class ScaffoldRs : public Scaffold {
 public:
  void options(Fields& f) override;
  void check(const OptimizerOptions& local) const override { rs.check(local); }
  Footprint footprint(const Problem& problem) const override;
  void terms(std::span<const float> label_counts, std::span<float> scale) const override;
  void loss(const LocalStep& step, const Outputs& out, OutputGrads& grads, View<float> loss) const override;

  FedRs rs;
};

}  // namespace fedscape
