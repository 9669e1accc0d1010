#pragma once

#include "fedscape/algo/federated/fedphp.hpp"
#include "fedscape/algo/federated/restricted.hpp"

namespace fedscape {

/// MAP, model aggregation and personalisation with incomplete classes (Li, Song, Li, Li, Shao, Yang and Zhan, IEEE TKDE
/// 2024). Aggregation: clients train what they send on restricted softmax, see FedRs. Personalisation: from there they
/// train on, at personal_lr times the rate for
///
///     max(personal_min_steps, personal_steps T) steps,     T local steps,
///
/// taught by their private model, which inherits the result as in FedPhp and has its batch-norm statistics re-estimated
/// on the client's own samples. alpha = 1 sends what FedAvg sends.
///
/// Deviations from the release: min_samples is compared with counts, where the release compares it with shares, so that
/// all logits are scaled alike; the soft mask is its variant "obser". Published settings pair (kd, lambda 0.1, alpha
/// 0.5), (kd, 0.01, 0.9), (mmd, 0.01, 0.5), with classifiers that have no bias.
class Map : public Restricted<FedPhp> {
 public:
  void options(Fields& f) override;
  void check(const OptimizerOptions& local) const override;
  std::vector<Stage> stages() const override;

  double personal_steps = 0.1, personal_lr = 0.2;
  std::int64_t personal_min_steps = 5;

 protected:
  bool recalibrates() const override { return true; }
};

}  // namespace fedscape
