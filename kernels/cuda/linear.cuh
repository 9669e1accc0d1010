#pragma once

#include "kernels/cuda/blocks.cuh"
#include "kernels/gemm_blocks.hpp"

/// What gemm.cu compiles for all that is a product of plain matrices.
namespace fedscape::kernels {

extern template void linear_forward_blocks(Launch&, const LinearShape&, const Batch&, Slot<const float>,
                                           Slot<const float>, Slot<const float>, Slot<const float>, bool, Slot<float>);
extern template void linear_backward_data_blocks(Launch&, const LinearShape&, const Batch&, Slot<const float>,
                                                 Slot<const float>, Slot<float>);
extern template void linear_backward_weights_blocks(Launch&, const LinearShape&, const Batch&, Slot<const float>,
                                                    Slot<const float>, Slot<float>, Slot<float>);

}  // namespace fedscape::kernels
