#pragma once

#include <vector>

#include "fedscape/data/dataset.hpp"
#include "fedscape/nn/network.hpp"

namespace fedscape {

/// What one model makes of the N samples of a data set, in host memory.
struct Predictions {
  std::vector<float> logits;    // [N,C]
  std::vector<float> features;  // [N,F] of the classifier's input; empty unless asked for
};

/// Shows a data set to one model after the other, as in evaluation. An object holds the plan and the batch buffers of
/// one thread.
class Predictor {
 public:
  Predictor(Stream& stream, const Network& network);
  /// Overwrites `seen` with what the model params [1,P] makes of the samples, in their order.
  void run(Stream& stream, View<const float> params, const Dataset& data, bool features, Predictions& seen);

 private:
  InferencePlan plan_;
  Tensor<float> x_;
  Tensor<std::int32_t> y_;
  std::vector<std::int32_t> order_;
};

}  // namespace fedscape
