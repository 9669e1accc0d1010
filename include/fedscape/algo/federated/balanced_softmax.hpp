#pragma once

#include "fedscape/algo/federated/shifted_logits.hpp"

namespace fedscape {

/// FedAvg with balanced softmax (Ren, Yu, Ma, Zhao, Yi and Li, NeurIPS 2020) on every client: local cross-entropy of
///
///     f_c + tau ln n_c,     n_c samples of class c on this client,
///
/// so that the trained f_c are those of balanced classes. The paper's tau is 1; others are logit adjustment (Menon et
/// al., ICLR 2021). A class without samples is left out: ln 0. tau = 0 is FedAvg.
class BalancedSoftmax : public ShiftedLogits {
 public:
  void options(Fields& f) override;
  double shift(double count) const override;
  std::string_view name() const override { return "balanced softmax"; }
};

}  // namespace fedscape
