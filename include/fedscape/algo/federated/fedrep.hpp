#pragma once

#include "fedscape/algo/federated/fedper.hpp"

namespace fedscape {

/// FedRep (Collins, Hassani, Mokhtari and Shakkottai, ICML 2021): features are learned together, and each client has a
/// classifier of its own, as in FedPer, but the two are trained one after the other: first the classifier on features
/// that stay, then the features under the classifier that has come of it. Each stage takes its share of the local
/// steps, at least one, with the optimiser begun anew. Batch statistics belong to the features, but follow the batches
/// of both stages. Deviation of others: MAP's release trains both together, which is FedPer.
class FedRep : public FedPer {
 public:
  void options(Fields& f) override;
  void check(const OptimizerOptions& local) const override;
  std::vector<Stage> stages() const override;

  double head_steps = 1, body_steps = 1;  // times the local steps
};

}  // namespace fedscape
