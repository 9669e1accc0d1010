#include "kernels/cuda/libraries.hpp"

#include "kernels/cuda/grid.cuh"
#include "kernels/cuda/libraries.cuh"

namespace fedscape::kernels {

bool by_library(Stream& stream, ConvPass pass, const ConvShape& shape, const Batch& batch) {
  const ProductChoice* const choice = stream.products();
  return choice && batch.models > 0 && batch.size > 0 && choice->library({pass, shape, batch.size, stream.tf32()});
}

void library_forward(Stream& stream, const ConvShape& shape, const Batch& batch, Slot<const float> x,
                     Slot<const float> w, Slot<const float> bias, Slot<const float> residual, bool relu,
                     Slot<float> y) {
  const bool in_place = residual.data == y.data;
  if (is_one_pixel(shape))
    blas_forward(stream, batch, shape.channels, shape.filters, x, w, in_place, y);
  else
    dnn_forward(stream, shape, batch, x, w, in_place, y);
  on_grid::finish_outputs(DeviceGrid(stream), shape, batch, bias, in_place ? Slot<const float>() : residual, relu, y);
}

void library_backward_data(Stream& stream, const ConvShape& shape, const Batch& batch, Slot<const float> dy,
                           Slot<const float> w, Slot<float> dx) {
  if (is_one_pixel(shape)) return blas_backward_data(stream, batch, shape.channels, shape.filters, dy, w, dx);
  dnn_backward_data(stream, shape, batch, dy, w, dx);
}

void library_backward_weights(Stream& stream, const ConvShape& shape, const Batch& batch, Slot<const float> x,
                              Slot<const float> dy, Slot<float> dw, Slot<float> dbias) {
  const DeviceGrid grid(stream);
  on_grid::clear_unreal(grid, batch, shape.input().size(), x);
  on_grid::clear_unreal(grid, batch, shape.output().size(), dy);
  if (is_one_pixel(shape))
    blas_backward_weights(stream, batch, shape.channels, shape.filters, x, dy, dw);
  else
    dnn_backward_weights(stream, shape, batch, x, dy, dw);
  if (dbias.data) on_grid::sum_biases(grid, shape, batch, dy, dbias);
}

}  // namespace fedscape::kernels
