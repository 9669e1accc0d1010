#pragma once

#include "fedscape/algo/federated/fedrs.hpp"

namespace fedscape {

/// An algorithm whose first stage, that for what is sent, trains on restricted softmax (see FedRs) where it had
/// cross-entropy; the others, and all that is not the loss, are the algorithm's own. alpha = 1 is the algorithm.
template <class Algorithm>
class Restricted : public Algorithm {
 public:
  void options(Fields& f) override {
    Algorithm::options(f);
    rs.options(f);
  }
  void check(const OptimizerOptions& local) const override {
    Algorithm::check(local);
    rs.check(local);
  }
  FederatedAlgorithm::Footprint footprint(const Problem& problem) const override {
    FederatedAlgorithm::Footprint size = Algorithm::footprint(problem);
    size.terms = rs.footprint(problem).terms;
    return size;
  }
  void terms(std::span<const float> label_counts, std::span<float> scale) const override {
    rs.terms(label_counts, scale);
  }
  void loss(const LocalStep& step, const Outputs& out, OutputGrads& grads, View<float> loss) const override {
    if (step.stage == 0)
      rs.loss(step, out, grads, loss);
    else
      Algorithm::loss(step, out, grads, loss);
  }

  FedRs rs;
};

}  // namespace fedscape
