#pragma once

#include "fedscape/algo/federated/algorithm.hpp"

namespace fedscape {

/// Algorithms whose clients each have a model of their own, which they remember as training leaves it and which
/// personal metrics are taken of. It begins as the model that the client first receives.
class OwnModels : public FederatedAlgorithm {
 public:
  Footprint footprint(const Problem& problem) const override;
  void initial_client_memory(Stream& stream, const Network& network, View<const float> global,
                             View<float> client) const override;
  void keep(const LocalResult& result, View<float> params) const override;
  void personal(const BlockStart& start, View<float> params) const override;
};

}  // namespace fedscape
