#include "kernels/cuda/batch_norm.hpp"
#include "kernels/cuda/grid.cuh"
#include "kernels/cuda/group_norm.hpp"

namespace fedscape::kernels {

void batch_norm_forward(Cuda, Stream& stream, const Batch& batch, std::int64_t positions, int C, float eps,
                        Slot<const float> x, Slot<const float> scale, Slot<const float> shift, Slot<float> y,
                        Slot<float> moments) {
  on_grid::batch_norm_forward(DeviceGrid(stream), batch, positions, C, eps, x, scale, shift, y, moments);
}

void batch_norm_backward(Cuda, Stream& stream, const Batch& batch, std::int64_t positions, int C, Slot<const float> x,
                         Slot<const float> moments, Slot<const float> scale, Slot<const float> dy, Slot<float> dx,
                         Slot<float> dscale, Slot<float> dshift) {
  on_grid::batch_norm_backward(DeviceGrid(stream), batch, positions, C, x, moments, scale, dy, dx, dscale, dshift);
}

void batch_norm_apply(Cuda, Stream& stream, const Batch& batch, std::int64_t positions, int C, float eps,
                      Slot<const float> x, Slot<const float> mean, Slot<const float> variance, Slot<const float> scale,
                      Slot<const float> shift, Slot<float> y) {
  on_grid::batch_norm_apply(DeviceGrid(stream), batch, positions, C, eps, x, mean, variance, scale, shift, y);
}

void batch_norm_update(Cuda, Stream& stream, const Batch& batch, std::int64_t positions, int C,
                       std::span<const float> momentum, Slot<const float> moments, Slot<float> mean,
                       Slot<float> variance) {
  on_grid::batch_norm_update(DeviceGrid(stream), batch, positions, C, momentum, moments, mean, variance);
}

void group_norm_forward(Cuda, Stream& stream, const Batch& batch, std::int64_t positions, int C, int groups, float eps,
                        Slot<const float> x, Slot<const float> scale, Slot<const float> shift, Slot<float> y,
                        Slot<float> moments) {
  on_grid::group_norm_forward(DeviceGrid(stream), batch, positions, C, groups, eps, x, scale, shift, y, moments);
}

void group_norm_backward(Cuda, Stream& stream, const Batch& batch, std::int64_t positions, int C, int groups,
                         Slot<const float> x, Slot<const float> moments, Slot<const float> scale, Slot<const float> dy,
                         Slot<float> dx, Slot<float> dscale, Slot<float> dshift) {
  on_grid::group_norm_backward(DeviceGrid(stream), batch, positions, C, groups, x, moments, scale, dy, dx, dscale,
                               dshift);
}

}  // namespace fedscape::kernels
