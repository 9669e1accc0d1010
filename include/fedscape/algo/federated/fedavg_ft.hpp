#pragma once

#include "fedscape/algo/federated/algorithm.hpp"

namespace fedscape {

/// FedAvg with fine-tuning (Wang, Mathews, Kiddon, Eichner, Beaufays and Ramage, 2019, arXiv 1910.10252; Yu,
/// Bagdasaryan and Shmatikov, 2020, arXiv 2002.04758): the federation is FedAvg, bit for bit. A personal model is the
/// global one after tuning_steps steps of the local optimiser on its client's samples, at rate tuning_lr, before its
/// metrics are taken; nothing of it is kept. With tuning_steps = 0 personal models are the global one.
class FedAvgFt : public FederatedAlgorithm {
 public:
  void options(Fields& f) override;
  void check(const OptimizerOptions& local) const override;
  Footprint footprint(const Problem& problem) const override;
  std::vector<Stage> tuning() const override;

  std::int64_t tuning_steps = 10;
  double tuning_lr = 0.01;
};

}  // namespace fedscape
