#include "kernels/cuda/exact_sum.hpp"

#include "kernels/cuda/grid.cuh"

namespace fedscape::kernels {

int exact_sum(Cuda, Stream& stream, const double* scaled, const float* rows, float limit, std::int64_t* total, int M,
              std::int64_t Q) {
  return on_grid::exact_sum(DeviceGrid(stream), scaled, rows, limit, total, M, Q);
}

void exact_value(Cuda, Stream& stream, const std::int64_t* total, double scale, float* values, std::int64_t Q) {
  on_grid::exact_value(DeviceGrid(stream), total, scale, values, Q);
}

}  // namespace fedscape::kernels
