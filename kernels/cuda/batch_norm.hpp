#pragma once

#include "kernels/cuda/norm_rows.hpp"

/// Bodies of batch norm (ops/norm.hpp) for a Grid.
namespace fedscape::kernels::on_grid {

struct FinishBatchMoments {
  MomentTerms terms;
  RowSets sets;
  float eps;
  Slot<float> moments;
  FEDSCAPE_HOST_DEVICE void operator()(int m, int c, double sum, double squares) const {
    const std::int64_t n = sets.rows(m, 0);
    const MeanAndVariance of =
        n ? moments_of(terms.first(m, 0, c), sum, squares, static_cast<double>(n)) : MeanAndVariance{};
    float* const to = row_of(moments, m) + c;
    to[0] = static_cast<float>(of.mean);
    to[terms.rows.C] = static_cast<float>(of.variance);
    to[2 * terms.rows.C] = inverse_deviation(of.variance, eps);
  }
};

/// Where the mean and 1 / deviation of a channel are kept.
struct BatchMoments {
  Slot<const float> moments;
  int C;
  FEDSCAPE_HOST_DEVICE float mean(int m, std::int64_t, int c) const { return row_of(moments, m)[c]; }
  FEDSCAPE_HOST_DEVICE float inverse(int m, std::int64_t, int c) const { return row_of(moments, m)[2 * C + c]; }
};

struct ApplyFixed {
  RowsOf rows;
  float eps;
  Slot<const float> x, mean, variance, scale, shift;
  Slot<float> y;
  FEDSCAPE_HOST_DEVICE Normalised column(int m, std::int64_t set, int c) const {
    return {rows.at(x, m, set, c), rows.at(y, m, set, c), row_of(mean, m)[c],
            fixed_factor(row_of(variance, m)[c], eps, or_one(row_of(scale, m), c)), or_zero(row_of(shift, m), c)};
  }
  FEDSCAPE_HOST_DEVICE void operator()(const Normalised& at, std::int64_t row) const { at(row * rows.C); }
};

/// The gradients of a channel's parameters, and its NormGradient: gradients [M,C].
struct FinishBatchGradient {
  FinishParameters parameters;
  RowSets sets;
  BatchMoments moments;
  Slot<const float> scale;
  NormGradient* gradients;
  FEDSCAPE_HOST_DEVICE void operator()(int m, int c, double by_one, double by_x) const {
    gradients[std::int64_t{m} * moments.C + c] = batch_norm_gradient(
        moments.inverse(m, 0, c), or_one(row_of(scale, m), c), by_one, by_x, static_cast<double>(sets.rows(m, 0)));
    parameters(m, c, by_one, by_x);
  }
};

/// Where the NormGradient of a channel is kept.
struct BatchGradients {
  const NormGradient* gradients;
  int C;
  FEDSCAPE_HOST_DEVICE NormGradient of(int m, std::int64_t, int c) const { return gradients[std::int64_t{m} * C + c]; }
};
/// Three launches: sums of chunks, moments, y.
template <class Grid>
void batch_norm_forward(const Grid& grid, const Batch& batch, std::int64_t positions, int C, float eps,
                        Slot<const float> x, Slot<const float> scale, Slot<const float> shift, Slot<float> y,
                        Slot<float> moments) {
  const ArenaScope scope(grid.stream());
  const View<const int> counts = upload_counts(grid, batch);
  const Tiles tiles(C);
  const RowSets sets(tiles, batch, counts.data, positions, false);
  const RowsOf rows{positions, C};
  const MomentTerms terms{rows, x, 1};
  const Tensor<double> partial = chunk_sums(grid, tiles, sets, batch.models, terms);
  column_totals(grid, tiles, sets, batch.models, partial, FinishBatchMoments{terms, sets, eps, moments});
  each_row(grid, tiles, sets, batch.models,
           Normalise<BatchMoments>{rows, BatchMoments{moments, C}, x, scale, shift, y});
}

/// Three launches: sums of chunks, gradients of parameters, dx.
template <class Grid>
void batch_norm_backward(const Grid& grid, const Batch& batch, std::int64_t positions, int C, Slot<const float> x,
                         Slot<const float> moments, Slot<const float> scale, Slot<const float> dy, Slot<float> dx,
                         Slot<float> dscale, Slot<float> dshift) {
  const ArenaScope scope(grid.stream());
  const View<const int> counts = upload_counts(grid, batch);
  const Tensor<NormGradient> gradients(grid.stream(), {batch.models, C});
  const Tiles tiles(C);
  const RowSets sets(tiles, batch, counts.data, positions, false);
  const RowsOf rows{positions, C};
  const BatchMoments kept{moments, C};
  const Tensor<double> partial =
      chunk_sums(grid, tiles, sets, batch.models, GradientTerms<BatchMoments>{rows, kept, x, dy});
  column_totals(grid, tiles, sets, batch.models, partial,
                FinishBatchGradient{{dscale, dshift}, sets, kept, scale, gradients.data()});
  each_row(grid, tiles, sets, batch.models,
           Denormalise<BatchMoments, BatchGradients>{rows, kept, {gradients.data(), C}, x, dy, dx});
}

template <class Grid>
void batch_norm_apply(const Grid& grid, const Batch& batch, std::int64_t positions, int C, float eps,
                      Slot<const float> x, Slot<const float> mean, Slot<const float> variance, Slot<const float> scale,
                      Slot<const float> shift, Slot<float> y) {
  const ArenaScope scope(grid.stream());
  const View<const int> counts = upload_counts(grid, batch);
  const Tiles tiles(C);
  const RowSets sets(tiles, batch, counts.data, positions, false);
  each_row(grid, tiles, sets, batch.models, ApplyFixed{{positions, C}, eps, x, mean, variance, scale, shift, y});
}

/// One thread per channel.
struct UpdateRunning {
  const int* counts;
  std::int64_t positions;
  float momentum;
  const float* momenta;  // of each model, or null
  Slot<const float> moments;
  Slot<float> mean, variance;
  int C;
  FEDSCAPE_HOST_DEVICE void operator()(int m, std::int64_t c) const {
    if (counts[m] == 0) return;
    const RunningRate running(momenta ? momenta[m] : momentum, static_cast<double>(counts[m] * positions));
    const float* const now = row_of(moments, m);
    row_of(mean, m)[c] = running.mean(row_of(mean, m)[c], now[c]);
    row_of(variance, m)[c] = running.variance(row_of(variance, m)[c], now[C + c]);
  }
};

template <class Grid>
void batch_norm_update(const Grid& grid, const Batch& batch, std::int64_t positions, int C,
                       std::span<const float> momentum, Slot<const float> moments, Slot<float> mean,
                       Slot<float> variance) {
  const ArenaScope scope(grid.stream());
  const View<const int> counts = upload_counts(grid, batch);
  const bool one = momentum.size() == 1;
  const View<const float> each = one ? View<const float>() : grid.upload(momentum.data(), std::ssize(momentum));
  grid.threads(C, batch.models,
               UpdateRunning{counts.data, positions, momentum[0], each.data, moments, mean, variance, C});
}

}  // namespace fedscape::kernels::on_grid
