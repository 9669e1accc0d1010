#include "kernels/cuda/mix.hpp"

#include "kernels/cuda/grid.cuh"

namespace fedscape::kernels {

void mix(Cuda, Stream& stream, const float* weights, const float* rows, float beta, float* out, int A, int M,
         std::int64_t P) {
  on_grid::mix(DeviceGrid(stream), weights, rows, beta, out, A, M, P);
}

}  // namespace fedscape::kernels
