#pragma once

#include "kernels/cuda/grid.hpp"
#include "kernels/fold.hpp"

/// Bodies of ops/fold.hpp for a Grid.
namespace fedscape::kernels::on_grid {

/// A block folds one filter; its first thread works out the factor.
struct FoldFilter {
  struct Shared {
    double factor;
  };
  Fold fold;
  std::int64_t size;
  template <class Block>
  FEDSCAPE_HOST_DEVICE void operator()(const Block& block, Shared& shared) const {
    const std::int64_t o = block.x(), m = block.model();
    block.each_thread([&](int t) {
      if (t > 0) return;
      const FoldedFilter filter = folded_filter(fold, m, o);
      shared.factor = filter.factor;
      row_of(fold.folded_bias, m)[o] = static_cast<float>(filter.bias);
    });
    const float* const w = row_of(fold.w, m) + o * size;
    float* const folded = row_of(fold.folded_w, m) + o * size;
    block.each_thread([&](int t) {
      for (std::int64_t i = t; i < size; i += kThreads) folded[i] = static_cast<float>(w[i] * shared.factor);
    });
  }
};

template <class Grid>
void fold_batch_norm(const Grid& grid, Fold fold, int models, std::int64_t filters, std::int64_t size) {
  const ArenaScope scope(grid.stream());
  if (fold.map_scale) fold.map_scale = grid.upload(fold.map_scale, filters).data;
  if (fold.map_shift) fold.map_shift = grid.upload(fold.map_shift, filters).data;
  grid.blocks(filters, models, FoldFilter{fold, size});
}

}  // namespace fedscape::kernels::on_grid
