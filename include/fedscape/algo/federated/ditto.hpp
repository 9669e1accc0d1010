#pragma once

#include "fedscape/algo/federated/fedprox.hpp"
#include "fedscape/algo/federated/own_models.hpp"

namespace fedscape {

/// Ditto (Li, Hu, Beirami and Smith, ICML 2021): what is sent is trained as in FedAvg. Beside it every client has a
/// model v_k of its own, kept near the received theta: after the steps for what is sent it takes steps on
///
///     L_k(v_k) + lambda / 2 * ||v_k - theta||^2.
///
/// v_k begins as the model that the client first receives, and is what personal metrics are taken of. lambda = 0: v_k
/// knows only its client's samples. Deviations: v_k starts from the model first received, not from one that all share;
/// the optimiser is that of local training, begun anew. kind = smooth_l1 is MAP's release, whose term is a mean over
/// tensors as in FedProx's.
class Ditto : public OwnModels {
 public:
  Ditto() { pull.mu = 1; }
  void options(Fields& f) override;
  void check(const OptimizerOptions& local) const override;
  std::vector<Stage> stages() const override;
  void start(const BlockStart& start, View<float> params) const override;
  void correct_gradient(const LocalStep& step, View<float> grads) const override;

  FedProx pull;               // its mu is lambda
  double personal_steps = 1;  // times the local steps
  double personal_lr = 1;     // times the rate of the round

 protected:
  enum StageOf { kSent, kPersonal };
};

}  // namespace fedscape
