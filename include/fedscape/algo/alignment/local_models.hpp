#pragma once

#include <vector>

#include "fedscape/algo/alignment/alignment.hpp"
#include "fedscape/algo/federated/engine.hpp"

namespace fedscape {

/// Shares of neurons of a layer in the same places, by what tells neurons (alignment.hpp).
struct LayerShares {
  double weights = 0, activations = 0, preferences = 0;
};
struct AlignedPair {
  ClientId first = 0, second = 0;
  std::vector<LayerShares> layers;  // of hidden_layers(network)
};
/// A client's model after one round of local training: |theta_k - theta| of what is trained.
struct LocalModel {
  ClientId client = 0;
  double distance = 0;
  std::vector<float> params;  // [P]
};

/// The models that the clients of a cohort train from `params` [P] in one round, by client id, the same on every rank.
/// Collective.
std::vector<LocalModel> train_local_models(Workers& workers, Communicator& comm, const Federation& federation,
                                           std::span<const float> params, const Cohort& cohort);

/// Every two of them, told by the first `samples` samples of a probe set: the same on every rank. Collective.
std::vector<AlignedPair> align_local_models(Workers& workers, Communicator& comm, const Network& network,
                                            std::span<const LocalModel> models, const Dataset& probe,
                                            std::int64_t samples);

}  // namespace fedscape
