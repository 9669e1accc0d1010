#include "kernels/cuda/gather.hpp"

#include "kernels/cuda/grid.cuh"

namespace fedscape::kernels {

void gather(Cuda, Stream& stream, const Gather& g, const std::uint8_t* samples, float* x, std::int32_t* y) {
  on_grid::gather(DeviceGrid(stream), g, samples, x, y);
}
void gather(Cuda, Stream& stream, const Gather& g, const float* samples, float* x, std::int32_t* y) {
  on_grid::gather(DeviceGrid(stream), g, samples, x, y);
}

}  // namespace fedscape::kernels
