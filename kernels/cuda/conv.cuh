#pragma once

#include "kernels/conv_bodies.hpp"
#include "kernels/cuda/linear.cuh"

/// What conv.cu compiles for packed convolutions in float32 as well.
namespace fedscape::kernels {

extern template void conv_forward_blocks(Launch&, const ConvShape&, const Batch&, Slot<const float>, Slot<const float>,
                                         Slot<const float>, Slot<const float>, bool, Slot<float>);

}  // namespace fedscape::kernels
