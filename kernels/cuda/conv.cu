#include "kernels/cuda/conv.cuh"
#include "kernels/cuda/libraries.cuh"

namespace fedscape::kernels {

template void conv_forward_blocks(Launch&, const ConvShape&, const Batch&, Slot<const float>, Slot<const float>,
                                  Slot<const float>, Slot<const float>, bool, Slot<float>);

void conv_forward(Cuda, Stream& stream, const ConvShape& shape, const Batch& batch, Slot<const float> x,
                  Slot<const float> w, Slot<const float> bias, bool relu, Slot<float> y) {
  if (by_library(stream, ops::ConvPass::forward, shape, batch))
    return library_forward(stream, shape, batch, x, w, bias, {}, relu, y);
  Launch launch(stream, batch);
  conv_forward_blocks(launch, shape, batch, x, w, bias, {}, relu, y);
}

void conv_backward_data(Cuda, Stream& stream, const ConvShape& shape, const Batch& batch, Slot<const float> dy,
                        Slot<const float> w, Slot<float> dx) {
  if (by_library(stream, ops::ConvPass::backward_data, shape, batch))
    return library_backward_data(stream, shape, batch, dy, w, dx);
  Launch launch(stream, batch);
  conv_backward_data_blocks(launch, shape, batch, dy, w, dx);
}

void conv_backward_weights(Cuda, Stream& stream, const ConvShape& shape, const Batch& batch, Slot<const float> x,
                           Slot<const float> dy, Slot<float> dw, Slot<float> dbias) {
  if (by_library(stream, ops::ConvPass::backward_weights, shape, batch))
    return library_backward_weights(stream, shape, batch, x, dy, dw, dbias);
  Launch launch(stream, batch);
  conv_backward_weights_blocks(launch, shape, batch, x, dy, dw, dbias);
}

}  // namespace fedscape::kernels
