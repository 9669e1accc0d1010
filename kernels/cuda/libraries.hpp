#pragma once

#include "kernels/conv.hpp"
#include "kernels/cuda/columns.hpp"

/// What surrounds a product by a library, for a Grid: what the library does not do itself.
namespace fedscape::kernels::on_grid {

/// y = act(y + bias + residual), one thread per element of a real sample.
struct FinishOutputs {
  Slot<const float> bias, residual;
  bool relu;
  Slot<float> y;
  int filters;
  FEDSCAPE_HOST_DEVICE void operator()(int m, std::int64_t, std::int64_t i) const {
    float* const out = row_of(y, m) + i;
    float value = *out;
    if (bias.data) value += row_of(bias, m)[i % filters];
    if (residual.data) value += row_of(residual, m)[i];
    *out = relu && value < 0 ? 0 : value;  // NaN stays
  }
};

template <class Grid>
void finish_outputs(const Grid& grid, const ConvShape& s, const Batch& batch, Slot<const float> bias,
                    Slot<const float> residual, bool relu, Slot<float> y) {
  if (bias.data || residual.data || relu)
    each_element(grid, batch, s.output().size(), FinishOutputs{bias, residual, relu, y, s.filters});
}

/// Zeros in what no model that shares the array has: one thread per element.
struct ClearUnreal {
  Slot<float> x;
  const int* counts;
  std::int64_t n;  // elements of a sample
  int sharing;     // models of one array
  FEDSCAPE_HOST_DEVICE void operator()(int m, std::int64_t i) const {
    for (int other = 0; other < sharing; ++other)
      if (i < counts[m + other] * n) return;
    row_of(x, m)[i] = 0;
  }
};

template <class Grid>
void clear_unreal(const Grid& grid, const Batch& batch, std::int64_t n, Slot<const float> x) {
  const ArenaScope scope(grid.stream());
  const View<const int> counts = upload_counts(grid, batch);
  const bool shared = x.stride == 0;
  const Slot<float> writable{const_cast<float*>(x.data), x.stride};
  grid.threads(batch.size * n, shared ? 1 : batch.models,
               ClearUnreal{writable, counts.data, n, shared ? batch.models : 1});
}

/// The bias of a filter: a column of dy.
struct BiasTerm {
  Slot<const float> dy;
  int filters;
  FEDSCAPE_HOST_DEVICE const float* column(int m, std::int64_t, int c) const { return row_of(dy, m) + c; }
  FEDSCAPE_HOST_DEVICE void operator()(const float* column, std::int64_t row, double& first, double&) const {
    first += static_cast<double>(column[row * filters]);
  }
};
struct StoreBias {
  Slot<float> dbias;
  FEDSCAPE_HOST_DEVICE void operator()(int m, int c, double sum, double) const {
    row_of(dbias, m)[c] = static_cast<float>(sum);
  }
};

template <class Grid>
void sum_biases(const Grid& grid, const ConvShape& s, const Batch& batch, Slot<const float> dy, Slot<float> dbias) {
  const ArenaScope scope(grid.stream());
  const Tiles tiles(s.filters);
  const std::int64_t positions = s.output().size() / s.filters;
  const RowSets sets(tiles, batch, upload_counts(grid, batch).data, positions, false);
  const Tensor<double> sums = chunk_sums(grid, tiles, sets, batch.models, BiasTerm{dy, s.filters});
  column_totals(grid, tiles, sets, batch.models, sums, StoreBias{dbias});
}

}  // namespace fedscape::kernels::on_grid
