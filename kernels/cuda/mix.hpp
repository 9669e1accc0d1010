#pragma once

#include "kernels/cuda/grid.hpp"
#include "kernels/mix.hpp"

/// Bodies of ops/mix.hpp for a Grid.
namespace fedscape::kernels::on_grid {

/// One thread per column and group of kGroup rows of out, which is the grid's model.
struct MixColumn {
  static constexpr int kGroup = 8;  // rows of out that one thread sums, so that rows is read once for all of them
  const float *weights, *rows;
  float beta;
  float* out;
  int A, M;
  std::int64_t P;
  FEDSCAPE_HOST_DEVICE void operator()(int group, std::int64_t p) const {
    const int first = group * kGroup, last = first + kGroup < A ? first + kGroup : A;
    float sums[kGroup];
    FEDSCAPE_UNROLL
    for (int a = 0; a < kGroup; ++a) sums[a] = first + a < last && beta != 0 ? beta * out[(first + a) * P + p] : 0.0f;
    for (int m = 0; m < M; ++m) {
      const float value = rows[m * P + p];
      FEDSCAPE_UNROLL
      for (int a = 0; a < kGroup; ++a)
        if (first + a < last) sums[a] += weights[std::int64_t{first + a} * M + m] * value;
    }
    FEDSCAPE_UNROLL
    for (int a = 0; a < kGroup; ++a)
      if (first + a < last) out[(first + a) * P + p] = sums[a];
  }
};

template <class Grid>
void mix(const Grid& grid, const float* weights, const float* rows, float beta, float* out, int A, int M,
         std::int64_t P) {
  const ArenaScope scope(grid.stream());
  const View<const float> w = grid.upload(weights, std::int64_t{A} * M);
  grid.threads(P, (A + MixColumn::kGroup - 1) / MixColumn::kGroup, MixColumn{w.data, rows, beta, out, A, M, P});
}

}  // namespace fedscape::kernels::on_grid
