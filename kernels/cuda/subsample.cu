#include "kernels/cuda/subsample.hpp"

#include "kernels/cuda/grid.cuh"

namespace fedscape::kernels {

void subsample_forward(Cuda, Stream& stream, const Batch& batch, const Subsample& s, Slot<const float> x,
                       Slot<float> y) {
  on_grid::subsample_forward(DeviceGrid(stream), batch, s, x, y);
}

void subsample_backward(Cuda, Stream& stream, const Batch& batch, const Subsample& s, Slot<const float> dy,
                        Slot<float> dx) {
  on_grid::subsample_backward(DeviceGrid(stream), batch, s, dy, dx);
}

}  // namespace fedscape::kernels
