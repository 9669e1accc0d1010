#pragma once

#include "kernels/cuda/grid.hpp"

/// Sums of long rows in double: each block sums a fixed chunk, then one block adds the chunks; the order depends on the
/// length only.
namespace fedscape::kernels {

inline constexpr std::int64_t kChunk = 16 * kThreads;

/// The sums of a block's threads.
struct BlockSums {
  double sums[kThreads];
};

/// partial[m, chunk, k] = sum of term(m, k, i) over i of the chunk; x() is chunk * kinds + k.
template <class Term>
struct RowChunk {
  using Shared = BlockSums;
  Term term;
  std::int64_t n, chunks;
  int kinds;
  double* partial;
  template <class Block>
  FEDSCAPE_HOST_DEVICE void operator()(const Block& block, Shared& shared) const {
    const std::int64_t first = block.x() / kinds * kChunk, end = first + kChunk, last = end < n ? end : n;
    const int m = block.model(), k = static_cast<int>(block.x() % kinds);
    block.each_thread([&](int t) {
      double sum = 0;
      for (std::int64_t i = first + t; i < last; i += kThreads) sum += term(m, k, i);
      shared.sums[t] = sum;
    });
    add_tree(block, shared.sums);
    block.each_thread([&](int t) {
      if (t == 0) partial[m * chunks * kinds + block.x()] = shared.sums[0];
    });
  }
};

/// sums[m, k] = sum of partial[m, :, k]; x() is k.
struct AddChunks {
  using Shared = BlockSums;
  const double* partial;
  std::int64_t chunks;
  int kinds;
  double* sums;
  template <class Block>
  FEDSCAPE_HOST_DEVICE void operator()(const Block& block, Shared& shared) const {
    const std::int64_t m = block.model(), k = block.x();
    block.each_thread([&](int t) {
      double sum = 0;
      for (std::int64_t i = t; i < chunks; i += kThreads) sum += partial[(m * chunks + i) * kinds + k];
      shared.sums[t] = sum;
    });
    add_tree(block, shared.sums);
    block.each_thread([&](int t) {
      if (t == 0) sums[m * kinds + k] = shared.sums[0];
    });
  }
};

/// sums[m, k] = sum over i < n of term(m, k, i) for `rows` rows and `kinds` kinds of terms, on the grid.
template <class Grid, class Term>
void row_sums(const Grid& grid, const Term& term, std::int64_t n, int rows, int kinds, double* sums) {
  const ArenaScope scope(grid.stream());
  const std::int64_t chunks = (n + kChunk - 1) / kChunk;
  const Tensor<double> partial(grid.stream(), {rows, chunks, kinds});
  grid.blocks(chunks * kinds, rows, RowChunk<Term>{term, n, chunks, kinds, partial.data()});
  grid.blocks(kinds, rows, AddChunks{partial.data(), chunks, kinds, sums});
}

}  // namespace fedscape::kernels
