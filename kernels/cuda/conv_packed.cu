#include "kernels/conv_packed.hpp"
#include "kernels/cuda/conv.cuh"
#include "kernels/cuda/libraries.cuh"

namespace fedscape::kernels {

std::int64_t conv_packed_size(Cuda, Stream&, const ConvShape& shape, int, Precision precision) {
  return conv_packed_floats(shape, precision);
}

void conv_pack(Cuda, Stream& stream, const ConvShape& shape, int, Precision precision, int models, Slot<const float> w,
               Slot<float> packed) {
  Launch launch(stream);
  conv_pack_blocks(launch, shape, precision, models, w, packed);
}

void conv_forward_packed(Cuda, Stream& stream, const ConvShape& shape, Precision precision, const Batch& batch,
                         Slot<const float> x, Slot<const float> packed, Slot<const float> bias,
                         Slot<const float> residual, bool relu, Slot<float> y) {
  const bool as_they_are = precision == Precision::float32 || precision == Precision::tf32;  // the packed weights
  if (as_they_are && by_library(stream, ops::ConvPass::forward, shape, batch))
    return library_forward(stream, shape, batch, x, packed, bias, residual, relu, y);
  Launch launch(stream, batch);
  conv_forward_packed_blocks(launch, shape, precision, batch, x, packed, bias, residual, relu, y);
}

}  // namespace fedscape::kernels
