#pragma once

#include "kernels/cuda/sums.hpp"
#include "kernels/reduce.hpp"

/// Bodies of ops/reduce.hpp for a Grid.
namespace fedscape::kernels::on_grid {

/// One thread per element.
struct Axpby {
  float a;
  const float* x;
  float b;
  float* y;
  FEDSCAPE_HOST_DEVICE void operator()(int, std::int64_t i) const { y[i] = b == 0 ? a * x[i] : a * x[i] + b * y[i]; }
};

/// One thread per element.
template <class T>
struct Fill {
  T value;
  T* x;
  FEDSCAPE_HOST_DEVICE void operator()(int, std::int64_t i) const { x[i] = value; }
};

/// One thread per element of out, whose rows are the grid's models.
struct RepeatRow {
  const float* x;
  std::int64_t given;
  float* out;
  std::int64_t P;
  FEDSCAPE_HOST_DEVICE void operator()(int m, std::int64_t i) const { out[m * P + i] = x[m % given * P + i]; }
};

/// The k-th number of ops::Moments.
struct MomentTerm {
  const float *x, *reference;
  FEDSCAPE_HOST_DEVICE double operator()(int, int k, std::int64_t i) const {
    const auto value = static_cast<double>(x[i]);
    if (k == 0) return value;
    if (k == 1) return value * value;
    const float other = reference[i];
    const bool both = x[i] != 0 && other != 0;
    return both && (k == 3 || (x[i] > 0) == (other > 0)) ? 1.0 : 0.0;
  }
};

struct Product {
  const float *x, *y;
  FEDSCAPE_HOST_DEVICE double operator()(int, int, std::int64_t i) const {
    return static_cast<double>(x[i]) * static_cast<double>(y[i]);
  }
};

/// The sums of so many kinds of terms, on the host.
template <class Grid, class Term>
void host_sums(const Grid& grid, const Term& term, std::int64_t n, int kinds, double* sums) {
  if (n == 0) return;
  const ArenaScope scope(grid.stream());
  const Tensor<double> totals(grid.stream(), {kinds});
  row_sums(grid, term, n, 1, kinds, totals.data());
  copy_to_host(grid.stream(), sums, totals.data(), sizeof(double) * static_cast<std::size_t>(kinds));
}

template <class Grid>
void axpby(const Grid& grid, float a, const float* x, float b, float* y, std::int64_t n) {
  grid.threads(n, 1, Axpby{a, x, b, y});
}

template <class Grid, class T>
void fill(const Grid& grid, T value, T* x, std::int64_t n) {
  grid.threads(n, 1, Fill<T>{value, x});
}

template <class Grid>
void repeat_rows(const Grid& grid, const float* x, std::int64_t given, float* out, std::int64_t rows, std::int64_t P) {
  grid.threads(P, rows, RepeatRow{x, given, out, P});
}

template <class Grid>
ops::Moments moments(const Grid& grid, const float* x, const float* reference, std::int64_t n) {
  double sums[4] = {};
  host_sums(grid, MomentTerm{x, reference}, n, reference ? 4 : 2, sums);
  return {.sum = sums[0], .squares = sums[1], .same_sign = sums[2], .compared = sums[3]};
}

template <class Grid>
double dot(const Grid& grid, const float* x, const float* y, std::int64_t n) {
  double sum = 0;
  host_sums(grid, Product{x, y}, n, 1, &sum);
  return sum;
}

}  // namespace fedscape::kernels::on_grid
