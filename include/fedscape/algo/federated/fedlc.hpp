#pragma once

#include "fedscape/algo/federated/shifted_logits.hpp"

namespace fedscape {

/// FedLC, logit calibration (Zhang, Li, Li, Xu, Wu, Ding and Wu, ICML 2022). The fewer samples n_c a client holds of
/// class c, the larger a margin it is asked for: local cross-entropy of the logits
///
///     f_c - tau n_c^(-1/4).
///
/// A class without samples is left out, the limit of n_c -> 0: its logit gets no gradient. tau = 0 is FedAvg.
class FedLc : public ShiftedLogits {
 public:
  void options(Fields& f) override;
  double shift(double count) const override;
  std::string_view name() const override { return "FedLC"; }
};

}  // namespace fedscape
