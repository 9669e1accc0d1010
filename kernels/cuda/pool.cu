#include "kernels/cuda/pool.hpp"

#include "kernels/cuda/grid.cuh"

namespace fedscape::kernels {

void max_pool_forward(Cuda, Stream& stream, const PoolShape& shape, const Batch& batch, Slot<const float> x,
                      Slot<float> y) {
  on_grid::max_pool_forward(DeviceGrid(stream), shape, batch, x, y);
}

void max_pool_backward(Cuda, Stream& stream, const PoolShape& shape, const Batch& batch, Slot<const float> x,
                       Slot<const float> y, Slot<const float> dy, Slot<float> dx) {
  on_grid::max_pool_backward(DeviceGrid(stream), shape, batch, x, y, dy, dx);
}

void average_pool_forward(Cuda, Stream& stream, const PoolShape& shape, const Batch& batch, Slot<const float> x,
                          Slot<float> y) {
  on_grid::average_pool_forward(DeviceGrid(stream), shape, batch, x, y);
}
void average_pool_backward(Cuda, Stream& stream, const PoolShape& shape, const Batch& batch, Slot<const float> dy,
                           Slot<float> dx) {
  on_grid::average_pool_backward(DeviceGrid(stream), shape, batch, dy, dx);
}
void adaptive_pool_forward(Cuda, Stream& stream, const AdaptiveShape& shape, const Batch& batch, Slot<const float> x,
                           Slot<float> y) {
  on_grid::average_pool_forward(DeviceGrid(stream), shape, batch, x, y);
}
void adaptive_pool_backward(Cuda, Stream& stream, const AdaptiveShape& shape, const Batch& batch, Slot<const float> dy,
                            Slot<float> dx) {
  on_grid::average_pool_backward(DeviceGrid(stream), shape, batch, dy, dx);
}

}  // namespace fedscape::kernels
