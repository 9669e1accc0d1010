#pragma once

#include "fedscape/algo/federated/algorithm.hpp"

namespace fedscape {

/// Algorithms in which some parameters stay with their client, who remembers them and starts from them the next time;
/// of the others the server averages the differences. A client begins with those of the model it first receives, and
/// the server's copy of them stays the initial one, for it never sees any: the models to judge are the personal ones.
/// Systems say which slots are local; where none is, they are FedAvg.
class LocalSlots : public FederatedAlgorithm {
 public:
  virtual bool is_local(const ParamSlot& slot) const = 0;

  Footprint footprint(const Problem& problem) const override;
  void initial_client_memory(Stream& stream, const Network& network, View<const float> global,
                             View<float> client) const override;
  void start(const BlockStart& start, View<float> params) const override;
  void upload(const LocalResult& result, View<float> upload) const override;
};

}  // namespace fedscape
