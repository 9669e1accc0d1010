#pragma once

#include "fedscape/algo/federated/algorithm.hpp"

namespace fedscape {

/// FedAvg whose clients shuffle their neurons while they train (Li et al., CVPR 2022, `fedavg_sf` of the released
/// code): from the second round on, behind each of the T_k local steps of a client, with probability chance / T_k, the
/// local model becomes one of the same function whose neurons stand elsewhere (shuffle.hpp: ratio, probability).
/// Averaging then mixes neurons that have nothing to do with each other, unless position encodings (pan.hpp) keep them
/// apart.
///
/// [OURS] The moments of the optimiser go along with their neurons, and the shuffle comes after the step, so that local
/// training itself stays what it was; the release shuffles between a gradient and its use, and moments stay behind.
/// chance = 0 is FedAvg.
class FedAvgSf : public FederatedAlgorithm {
 public:
  void options(Fields& f) override;
  void check(const OptimizerOptions& local) const override;
  std::unique_ptr<Workspace> workspace(const Network& network) const override;
  void after_step(const LocalStep& step, View<float> params) const override;

  double chance = 1, ratio = 1, probability = 1;
};

}  // namespace fedscape
