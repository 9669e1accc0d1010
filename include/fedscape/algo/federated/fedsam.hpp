#pragma once

#include "fedscape/algo/federated/algorithm.hpp"

namespace fedscape {

/// FedSAM (Qu, Li, Duan, Liu, Tang and Lu, ICML 2022): clients look for flat minima by sharpness-aware minimisation
/// (Foret, Kleiner, Mobahi and Neyshabur, ICLR 2021). A local step at theta with gradient g goes by the gradient, on
/// the same batch, at
///
///     theta + rho g / ||g||.
///
/// rho = 0 is FedAvg. Every step costs two. Loss and batch statistics are those at theta; both passes share dropout
/// masks, and penalties are not part of g.
class FedSam : public FederatedAlgorithm {
 public:
  void options(Fields& f) override;
  void check(const OptimizerOptions& local) const override;
  std::vector<Stage> stages() const override;
  void probe(const LocalStep& step, View<const float> grads, View<float> point) const override;

  double rho = 0.05;
};

}  // namespace fedscape
