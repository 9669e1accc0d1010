#include "kernels/cuda/reduce.hpp"

#include "kernels/cuda/grid.cuh"

namespace fedscape::kernels {

void axpby(Cuda, Stream& stream, float a, const float* x, float b, float* y, std::int64_t n) {
  on_grid::axpby(DeviceGrid(stream), a, x, b, y, n);
}

void fill(Cuda, Stream& stream, float value, float* x, std::int64_t n) {
  on_grid::fill(DeviceGrid(stream), value, x, n);
}
void fill(Cuda, Stream& stream, std::int64_t value, std::int64_t* x, std::int64_t n) {
  on_grid::fill(DeviceGrid(stream), value, x, n);
}

void repeat_rows(Cuda, Stream& stream, const float* x, std::int64_t given, float* out, std::int64_t rows,
                 std::int64_t P) {
  on_grid::repeat_rows(DeviceGrid(stream), x, given, out, rows, P);
}

ops::Moments moments(Cuda, Stream& stream, const float* x, const float* reference, std::int64_t n) {
  return on_grid::moments(DeviceGrid(stream), x, reference, n);
}

double dot(Cuda, Stream& stream, const float* x, const float* y, std::int64_t n) {
  return on_grid::dot(DeviceGrid(stream), x, y, n);
}

}  // namespace fedscape::kernels
