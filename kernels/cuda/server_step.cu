#include "kernels/cuda/server_step.hpp"

#include "kernels/cuda/grid.cuh"

namespace fedscape::kernels {

void server_step(Cuda, Stream& stream, const ops::ServerStep& rates, const float* d, float* m, float* v, float* x,
                 std::int64_t n) {
  on_grid::server_step(DeviceGrid(stream), rates, d, m, v, x, n);
}

}  // namespace fedscape::kernels
