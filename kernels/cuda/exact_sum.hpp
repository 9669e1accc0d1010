#pragma once

#include <cmath>

#include "kernels/cuda/grid.hpp"
#include "kernels/exact_sum.hpp"

/// Bodies of ops/exact_sum.hpp for a Grid.
namespace fedscape::kernels::on_grid {

/// A product that no fused add may swallow.
FEDSCAPE_HOST_DEVICE inline double rounded_product(double a, double b) {
#ifdef __CUDA_ARCH__
  return __dmul_rn(a, b);
#else
  return a * b;
#endif
}

/// One thread per column. The lowest bad row is a minimum over integers, which no order of the threads can change.
struct ExactColumn {
  const double* scaled;
  const float* rows;
  float limit;
  std::int64_t* total;
  int M;
  std::int64_t Q;
  int* first_bad;
  FEDSCAPE_HOST_DEVICE void operator()(int, std::int64_t q) const {
    std::int64_t sum = 0;
    int bad = M;
    for (int m = 0; m < M; ++m) {
      const float x = rows[m * Q + q];
      if (!(std::fabs(x) <= limit) && m < bad) bad = m;
      sum += round_exactly(rounded_product(scaled[m], static_cast<double>(x)));
    }
    total[q] += sum;
    if (bad < M) lower(first_bad, bad);
  }
};

/// One thread per value.
struct ExactValue {
  const std::int64_t* total;
  double scale;
  float* values;
  FEDSCAPE_HOST_DEVICE void operator()(int, std::int64_t q) const {
    values[q] = static_cast<float>(static_cast<double>(total[q]) * scale);
  }
};

template <class Grid>
int exact_sum(const Grid& grid, const double* scaled, const float* rows, float limit, std::int64_t* total, int M,
              std::int64_t Q) {
  if (M == 0 || Q == 0) return -1;
  const ArenaScope scope(grid.stream());
  const View<const double> weights = grid.upload(scaled, M);
  int bad = M;
  const Tensor<int> first_bad(grid.stream(), {1});
  stage_to_device(grid.stream(), first_bad.data(), &bad, sizeof bad);
  grid.threads(Q, 1, ExactColumn{weights.data, rows, limit, total, M, Q, first_bad.data()});
  copy_to_host(grid.stream(), &bad, first_bad.data(), sizeof bad);
  return bad < M ? bad : -1;
}

template <class Grid>
void exact_value(const Grid& grid, const std::int64_t* total, double scale, float* values, std::int64_t Q) {
  grid.threads(Q, 1, ExactValue{total, scale, values});
}

}  // namespace fedscape::kernels::on_grid
