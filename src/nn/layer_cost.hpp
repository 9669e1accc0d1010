#pragma once

#include "fedscape/device/profile.hpp"
#include "fedscape/nn/network.hpp"

/// What layers must do at least, and scopes that measure it. Samples are the real ones of a batch; padding costs
/// nothing here.
namespace fedscape::nn {

/// Layer::flops of every sample; the inputs are read, the parameters, and the output is written. An input that the
/// models share counts for each. A step of an InferencePlan costs what its first layer does: what is fused into it
/// changes neither its input nor, in most cases, its output.
Cost forward_cost(const Network& network, int node, const Batch& batch);
/// As many operations as forward for the gradient at the parameters, where there are some, and as many again for those
/// at the inputs, unless nothing before them is trained. dy is read, and what the layer says it needs of x and y, and
/// the parameters for the gradients at the inputs; gradients are written.
Cost backward_cost(const Network& network, int node, const Batch& batch);

ProfileScope measure_forward(Stream& stream, const Network& network, int node, const Batch& batch);
ProfileScope measure_backward(Stream& stream, const Network& network, int node, const Batch& batch);

}  // namespace fedscape::nn
