#pragma once

#include <string>

#include "fedscape/algo/federated/penalty.hpp"

namespace fedscape {

/// FedProx (Li, Sahu, Zaheer, Sanjabi, Talwalkar and Smith, MLSys 2020): local models are drawn to the global one by
///
///     mu / 2 * ||theta_k - theta||^2.
///
/// kind = smooth_l1 is the penalty of the FedRepo release instead: mu times the mean over tensors of the mean of
/// smooth-L1(theta_k - theta), much weaker at the same mu. Statistics are left out: they are averages, not trained.
class FedProx : public Penalty {
 public:
  void options(Fields& f) override;
  bool active() const override { return mu != 0; }
  void add_gradient(const LocalStep& step, View<float> loss, View<float> grads) const override;

  double mu = 0;
  std::string kind = "squared";
};

}  // namespace fedscape
