#pragma once

#include "kernels/product_blocks.hpp"
#include "kernels/warp_product.hpp"

/// Output products (see product_blocks.hpp) whose filters are packed in one or two parts of bf16.
namespace fedscape::kernels {

/// Filters [part, filter, depth in whole steps of 16] as bf16, two in a word.
constexpr Index packed_words(Index depth) { return (depth + 15) / 16 * 8; }

/// As OutputBlocks of one group; the problem's w are packed filters.
template <class T, class P, class Problem>
struct Bf16Blocks {
  static constexpr int kThreads = T::kThreads;
  using Packed = Matrix<true, Word>;
  using Block = WarpProduct<T, P, typename Problem::Left, Packed, typename Problem::Target>;
  Problem p;
  const int* counts;
  Index column_tiles;

  FEDSCAPE_HOST_DEVICE bool block(Index index, int m, Block& block) const {
    const Index row_tile = index / column_tiles, rows = static_cast<Index>(counts[m]) * p.rows_of_sample;
    block.row = row_tile * T::kRows;
    block.column = (index - row_tile * column_tiles) * T::kColumns;
    if (block.row >= rows) return false;
    typename Problem::Right filters;
    p.operands(m, 0, rows, block.left, filters, block.target);
    const Index words = packed_words(p.depth);
    const auto* const packed = reinterpret_cast<const Word*>(filters.data);
    for (Index part = 0; part < P::kFilters; ++part)
      block.right[part] = {packed + part * p.columns * words, p.columns, words, words};
    block.depth = 0;
    block.slices = (p.depth + T::kSlice - 1) / T::kSlice;
    return true;
  }
};

template <class P, class Launch, class Problem>
void multiply_in_parts(Launch& launch, const Batch& batch, const Problem& p) {
  const std::int64_t rows = std::int64_t{batch.size} * p.rows_of_sample;
  if (rows == 0 || batch.models == 0) return;
  with_best_tile(Bf16Tiles(), rows, p.columns, [&]<class T>(T) {
    const std::int64_t across = tiles_in(p.columns, T::kColumns);
    launch(Bf16Blocks<T, P, Problem>{p, launch.counts(), static_cast<Index>(across)}, tiles_in(rows, T::kRows) * across,
           batch.models);
  });
}

}  // namespace fedscape::kernels
