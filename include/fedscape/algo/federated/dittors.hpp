#pragma once

#include "fedscape/algo/federated/ditto.hpp"
#include "fedscape/algo/federated/fedrs.hpp"

namespace fedscape {

/// DittoRS (release of MAP: Li, Song, Li, Li, Shao, Yang and Zhan, TKDE 2024): what is sent is trained by FedRS, models
/// of clients as in Ditto, by plain cross-entropy. alpha = 1 is Ditto. That release has mask = soft.
class DittoRs : public Ditto {
 public:
  void options(Fields& f) override;
  void check(const OptimizerOptions& local) const override;
  Footprint footprint(const Problem& problem) const override;
  void terms(std::span<const float> label_counts, std::span<float> scale) const override;
  void loss(const LocalStep& step, const Outputs& out, OutputGrads& grads, View<float> loss) const override;

  FedRs rs;
};

}  // namespace fedscape
