#pragma once

#include "fedscape/algo/federated/shifted_logits.hpp"

namespace fedscape {

/// FedROD (Chen and Chao, ICLR 2022): two heads on the same features h. The generic one W, which is sent with the
/// features, learns by the balanced softmax, the private one V_k, which stays with its client, what is missing from
/// there to the client's own distribution:
///
///     generic:  CE(W h + tau log n_c, y),     private:  CE(sg(W h) + V_k sg(h), y),     biases likewise,
///
/// where sg stops gradients: the private loss moves V_k only. Both heads are linear, so that a personal model is a
/// plain one with the classifier W + V_k. A private head begins as 0 [OURS] and takes steps of SGD as local training
/// does, on the same batches, with the same rate, momentum, weight decay and, by itself, clipping. The loss that is
/// reported is the generic one. tau = 0: FedAvg for what is sent.
///
/// Deviations: of the paper's private heads the linear one; generated ones (hypernetworks) are not here. MAP's release
/// scales logits by (4 n_c / n)^gamma, gives the private head's logits alone to its loss, whose gradient reaches the
/// features, and begins with a copy of the generic head.
class FedRod : public ShiftedLogits {
 public:
  double shift(double count) const override;
  std::string_view name() const override { return "FedROD"; }

  void options(Fields& f) override;
  void check(const OptimizerOptions& local) const override;
  Footprint footprint(const Problem& problem) const override;
  void start(const BlockStart& start, View<float> params) const override;
  void loss(const LocalStep& step, const Outputs& out, OutputGrads& grads, View<float> loss) const override;
  void keep(const LocalResult& result, View<float> params) const override;
  void personal(const BlockStart& start, View<float> params) const override;
};

}  // namespace fedscape
