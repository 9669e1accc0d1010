#pragma once

#include <cstdint>
#include <vector>

#include "fedscape/nn/network.hpp"
#include "src/nn/layers.hpp"
#include "src/nn/norm_layers.hpp"
#include "src/nn/position_encoding.hpp"

/// What an inference plan does at once.
namespace fedscape::nn {

/// One call of the schedule: a convolution or linear layer with all that was fused into it, or a layer as it is.
struct Step {
  int first;          // the node that begins it
  int last;           // the node whose value it makes
  int residual = -1;  // node whose value is added before relu
  bool relu = false;
  const nn::Conv* conv = nullptr;
  const nn::Linear* linear = nullptr;
  const nn::GroupNorm* group_norm = nullptr;
  const nn::BatchNorm* norm = nullptr;             // folded into the weights
  const nn::PositionEncoding* encoding = nullptr;  // folded likewise, or into the group norm's parameters
  std::int64_t weights = 0, bias = 0;  // where its packed weights and bias begin in a row of `packed`, `biases`
};

/// The steps that make all values a network needs, in order: behind a convolution or a linear layer a batch norm, a
/// position encoding, a residual sum (convolutions) and a ReLU are done along, behind a group norm a position encoding.
std::vector<Step> fuse(const Network& network);

/// The node whose memory a chain of views ends in.
int root_of(const Network& network, int node);

}  // namespace fedscape::nn
