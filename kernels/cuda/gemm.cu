#include "kernels/cuda/libraries.cuh"
#include "kernels/cuda/linear.cuh"

namespace fedscape::kernels {

template void linear_forward_blocks(Launch&, const LinearShape&, const Batch&, Slot<const float>, Slot<const float>,
                                    Slot<const float>, Slot<const float>, bool, Slot<float>);
template void linear_backward_data_blocks(Launch&, const LinearShape&, const Batch&, Slot<const float>,
                                          Slot<const float>, Slot<float>);
template void linear_backward_weights_blocks(Launch&, const LinearShape&, const Batch&, Slot<const float>,
                                             Slot<const float>, Slot<float>, Slot<float>);

namespace {

LinearShape shape_of(int I, int O) { return {1, static_cast<Index>(I), static_cast<Index>(O)}; }

}  // namespace

void linear_forward(Cuda, Stream& stream, const Batch& batch, int I, int O, Slot<const float> x, Slot<const float> w,
                    Slot<const float> bias, bool relu, Slot<float> y) {
  if (by_library(stream, ops::ConvPass::forward, one_pixel(I, O), batch))
    return library_forward(stream, one_pixel(I, O), batch, x, w, bias, {}, relu, y);
  Launch launch(stream, batch);
  linear_forward_blocks(launch, shape_of(I, O), batch, x, w, bias, {}, relu, y);
}

void linear_backward_data(Cuda, Stream& stream, const Batch& batch, int I, int O, Slot<const float> dy,
                          Slot<const float> w, Slot<float> dx) {
  if (by_library(stream, ops::ConvPass::backward_data, one_pixel(I, O), batch))
    return library_backward_data(stream, one_pixel(I, O), batch, dy, w, dx);
  Launch launch(stream, batch);
  linear_backward_data_blocks(launch, shape_of(I, O), batch, dy, w, dx);
}

void linear_backward_weights(Cuda, Stream& stream, const Batch& batch, int I, int O, Slot<const float> x,
                             Slot<const float> dy, Slot<float> dw, Slot<float> dbias) {
  if (by_library(stream, ops::ConvPass::backward_weights, one_pixel(I, O), batch))
    return library_backward_weights(stream, one_pixel(I, O), batch, x, dy, dw, dbias);
  Launch launch(stream, batch);
  linear_backward_weights_blocks(launch, shape_of(I, O), batch, x, dy, dw, dbias);
}

}  // namespace fedscape::kernels
