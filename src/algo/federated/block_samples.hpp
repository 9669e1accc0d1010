#pragma once

#include <vector>

#include "fedscape/algo/evaluate.hpp"
#include "fedscape/algo/federated/step.hpp"
#include "fedscape/data/partition.hpp"

namespace fedscape {

/// The training samples of one block's clients. One per thread, made once.
class BlockSamples : public OwnSamples {
 public:
  BlockSamples(Stream& stream, const Network& network, const Dataset& data, const Clients& clients);
  /// Turns to the clients of another block.
  void turn_to(std::span<const ClientId> ids) { ids_ = ids; }

  void recalibrate(Stream& stream, View<float> params) override;
  void visit(Stream& stream, std::int64_t m, View<const float> params, const Visitor& visitor) override;

 private:
  std::span<const std::int32_t> samples(std::int64_t m) const;

  const Dataset& data_;
  const Clients& clients_;
  Recalibrator recalibrator_;
  InferencePlan plan_;
  Tensor<float> x_;
  Tensor<std::int32_t> y_;
  std::span<const ClientId> ids_;
};

}  // namespace fedscape
