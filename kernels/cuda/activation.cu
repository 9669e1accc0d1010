#include "kernels/cuda/activation.hpp"

#include "kernels/cuda/grid.cuh"

namespace fedscape::kernels {

void leaky_relu_forward(Cuda, Stream& stream, const Batch& batch, float slope, const float* x, bool x_shared, float* y,
                        std::int64_t n) {
  on_grid::leaky_relu_forward(DeviceGrid(stream), batch, slope, x, x_shared, y, n);
}

void leaky_relu_backward(Cuda, Stream& stream, const Batch& batch, float slope, const float* y, const float* dy,
                         float* dx, std::int64_t n) {
  on_grid::leaky_relu_backward(DeviceGrid(stream), batch, slope, y, dy, dx, n);
}

void dropout(Cuda, Stream& stream, const Batch& batch, float p, Purpose purpose, const RngKey* keys, const float* x,
             bool x_shared, float* y, std::int64_t n) {
  on_grid::dropout(DeviceGrid(stream), batch, p, purpose, keys, x, x_shared, y, n);
}

void add(Cuda, Stream& stream, const Batch& batch, const float* a, bool a_shared, const float* b, bool b_shared,
         float* y, std::int64_t n) {
  on_grid::add(DeviceGrid(stream), batch, a, a_shared, b, b_shared, y, n);
}

void copy_channels(Cuda, Stream& stream, const Batch& batch, const float* from, bool from_shared, int from_channels,
                   int from_first, float* to, int to_channels, int to_first, int channels, std::int64_t positions) {
  on_grid::copy_channels(DeviceGrid(stream), batch, from, from_shared, from_channels, from_first, to, to_channels,
                         to_first, channels, positions);
}

}  // namespace fedscape::kernels
