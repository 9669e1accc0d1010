#pragma once

#include "kernels/cuda/norm_rows.hpp"

/// Bodies of group norm (ops/norm.hpp) for a Grid.
namespace fedscape::kernels::on_grid {

struct FinishGroupMoments {
  MomentTerms terms;
  int groups;
  float eps;
  Slot<float> moments;
  FEDSCAPE_HOST_DEVICE double weight(int, int) const { return 1; }
  FEDSCAPE_HOST_DEVICE void operator()(int m, std::int64_t b, int g, double sum, double squares) const {
    const double n = static_cast<double>(terms.rows.positions * terms.group);
    const MeanAndVariance of = moments_of(terms.first(m, b, g * terms.group), sum, squares, n);
    float* const to = row_of(moments, m) + (b * groups + g) * 2;
    to[0] = static_cast<float>(of.mean);
    to[1] = inverse_deviation(of.variance, eps);
  }
};

/// Where the mean and 1 / deviation of a channel's group are kept.
struct GroupMoments {
  Slot<const float> moments;
  int groups, size;  // channels of a group
  FEDSCAPE_HOST_DEVICE const float* of(int m, std::int64_t b, int c) const {
    return row_of(moments, m) + (b * groups + c / size) * 2;
  }
  FEDSCAPE_HOST_DEVICE float mean(int m, std::int64_t b, int c) const { return of(m, b, c)[0]; }
  FEDSCAPE_HOST_DEVICE float inverse(int m, std::int64_t b, int c) const { return of(m, b, c)[1]; }
};

/// The NormGradient of a group: gradients [M,B,groups].
struct FinishGroupGradient {
  RowSets sets;
  GroupMoments moments;
  Slot<const float> scale;
  NormGradient* gradients;
  FEDSCAPE_HOST_DEVICE double weight(int m, int c) const { return static_cast<double>(or_one(row_of(scale, m), c)); }
  FEDSCAPE_HOST_DEVICE void operator()(int m, std::int64_t b, int g, double by_one, double by_x) const {
    gradients[(m * sets.sets + b) * moments.groups + g] = group_norm_gradient(
        moments.inverse(m, b, g * moments.size), by_one, by_x, static_cast<double>(sets.positions * moments.size));
  }
};

/// Where the NormGradient of a channel's group is kept.
struct GroupGradients {
  const NormGradient* gradients;
  Slot<const float> scale;
  std::int64_t samples;
  int groups, size;
  FEDSCAPE_HOST_DEVICE NormGradient of(int m, std::int64_t b, int c) const {
    const NormGradient of_group = gradients[(m * samples + b) * groups + c / size];
    return {of_group.factor * or_one(row_of(scale, m), c), of_group.offset, of_group.slope};
  }
};

/// Three launches: sums of chunks of each sample, moments of its groups, y.
template <class Grid>
void group_norm_forward(const Grid& grid, const Batch& batch, std::int64_t positions, int C, int groups, float eps,
                        Slot<const float> x, Slot<const float> scale, Slot<const float> shift, Slot<float> y,
                        Slot<float> moments) {
  const ArenaScope scope(grid.stream());
  const View<const int> counts = upload_counts(grid, batch);
  const Tiles tiles(C);
  const RowSets sets(tiles, batch, counts.data, positions, true);
  const RowsOf rows{positions, C};
  const MomentTerms terms{rows, x, C / groups};
  const Tensor<double> partial = chunk_sums(grid, tiles, sets, batch.models, terms);
  group_totals(grid, tiles, sets, groups, batch.models, partial, FinishGroupMoments{terms, groups, eps, moments});
  each_row(grid, tiles, sets, batch.models,
           Normalise<GroupMoments>{rows, GroupMoments{moments, groups, C / groups}, x, scale, shift, y});
}

/// Four launches: sums of chunks of each sample, gradients of parameters, sums of groups, dx.
template <class Grid>
void group_norm_backward(const Grid& grid, const Batch& batch, std::int64_t positions, int C, int groups,
                         Slot<const float> x, Slot<const float> moments, Slot<const float> scale, Slot<const float> dy,
                         Slot<float> dx, Slot<float> dscale, Slot<float> dshift) {
  const ArenaScope scope(grid.stream());
  const View<const int> counts = upload_counts(grid, batch);
  const Tensor<NormGradient> gradients(grid.stream(), {batch.models, batch.size, groups});
  const Tiles tiles(C);
  const RowSets sets(tiles, batch, counts.data, positions, true);
  const RowsOf rows{positions, C};
  const GroupMoments kept{moments, groups, C / groups};
  const Tensor<double> partial =
      chunk_sums(grid, tiles, sets, batch.models, GradientTerms<GroupMoments>{rows, kept, x, dy});
  column_totals(grid, tiles, sets, batch.models, partial, FinishParameters{dscale, dshift});
  group_totals(grid, tiles, sets, groups, batch.models, partial,
               FinishGroupGradient{sets, kept, scale, gradients.data()});
  each_row(grid, tiles, sets, batch.models,
           Denormalise<GroupMoments, GroupGradients>{
               rows, kept, {gradients.data(), scale, batch.size, groups, C / groups}, x, dy, dx});
}

}  // namespace fedscape::kernels::on_grid
