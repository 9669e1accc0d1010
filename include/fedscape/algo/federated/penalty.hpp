#pragma once

#include "fedscape/algo/federated/algorithm.hpp"

namespace fedscape {

/// A term added to any algorithm's objective (proximal, scope and sign alignment). The engine holds a list of them and
/// gives each its own slice of the memories and of the upload. A weight of zero is an exact no-op: it is not even
/// called.
class Penalty {
 public:
  virtual ~Penalty() = default;
  virtual void options(Fields&) = 0;
  virtual bool active() const = 0;  // its weight is not zero
  virtual FederatedAlgorithm::Footprint footprint(const Problem&) const { return {}; }
  /// Adds the penalty to loss [M] and its gradient to grads [M,P]. step.block.memory and server_memory are its own
  /// slices.
  virtual void add_gradient(const LocalStep&, View<float> loss, View<float> grads) const = 0;
  virtual void upload(const LocalResult&, View<float> upload) const { (void)upload; }
  virtual void server_update(const ServerStep&) const {}
};

}  // namespace fedscape
