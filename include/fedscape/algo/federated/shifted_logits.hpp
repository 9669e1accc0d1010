#pragma once

#include <string_view>

#include "fedscape/algo/federated/algorithm.hpp"

namespace fedscape {

/// Algorithms in which clients train on the cross-entropy of logits that the count of a class shifts,
///
///     f_c + tau shift(n_c),     n_c samples of class c on this client.
///
/// A shift of -infinity leaves its class out. tau = 0 is FedAvg. Systems say what the shift is.
class ShiftedLogits : public FederatedAlgorithm {
 public:
  virtual double shift(double count) const = 0;
  virtual std::string_view name() const = 0;  // in messages

  void check(const OptimizerOptions& local) const override;
  Footprint footprint(const Problem& problem) const override;
  void terms(std::span<const float> label_counts, std::span<float> shifts) const override;
  void loss(const LocalStep& step, const Outputs& out, OutputGrads& grads, View<float> loss) const override;

  double tau = 1;
};

}  // namespace fedscape
