#pragma once

#include "fedscape/ops/batch.hpp"
#include "kernels/divisor.hpp"
#include "kernels/warp_product.hpp"
#include "kernels/weight_pieces.hpp"

/// Products of all models and groups as blocks of threads. Launch: stream(), counts() where blocks can read them,
/// tf32(), whether operands may be rounded so, and launch(problem, blocks, models), which runs blocks 0..blocks-1 of
/// each model.
///
/// An output problem says rows_of_sample, depth, columns and groups (the columns of a group), and
/// operands(m, group, rows, left, right, target) makes a group's operands and target; a weight problem has its pieces,
/// groups, and operands(m, group, left, right).
namespace fedscape::kernels {

/// Block [row tile, group, column tile].
template <class T, class Problem>
struct OutputBlocks {
  static constexpr int kThreads = T::kThreads;
  using Block = typename ProductIn<T, typename Problem::Left, typename Problem::Right, typename Problem::Target>::Type;
  Problem p;
  const int* counts;
  Index column_tiles;

  static std::int64_t blocks_of(const Problem& p, int batch_size) {
    const std::int64_t rows = std::int64_t{batch_size} * p.rows_of_sample;
    return tiles_in(rows, T::kRows) * p.groups * tiles_in(p.columns, T::kColumns);
  }
  OutputBlocks() = default;
  OutputBlocks(const Problem& problem, const int* counts_in)
      : p(problem), counts(counts_in), column_tiles(static_cast<Index>(tiles_in(p.columns, T::kColumns))) {}

  FEDSCAPE_HOST_DEVICE bool block(Index index, int m, Block& block) const {
    const Index line = index / column_tiles, row_tile = line / p.groups;
    const Index rows = static_cast<Index>(counts[m]) * p.rows_of_sample;
    block.row = row_tile * T::kRows;
    block.column = (index - line * column_tiles) * T::kColumns;
    if (block.row >= rows) return false;
    p.operands(m, line - row_tile * p.groups, rows, block.left, block.only_right(), block.target);
    block.depth = 0;
    block.slices = (p.depth + T::kSlice - 1) / T::kSlice;
    return true;
  }
};

/// Where groups have too few columns for any tile: a thread for each sum, threads side by side for the columns of all
/// groups.
template <class Problem>
struct DirectOutputs {
  static constexpr int kThreads = 256;
  struct Block {
    struct Shared {};
    struct Thread {};
    const DirectOutputs* blocks;
    Index first, rows;
    int model;
    template <class Each>
    FEDSCAPE_HOST_DEVICE void run(Shared&, Each each) const {
      each([&](Thread&, int id) { blocks->add_up(first + static_cast<Index>(id), rows, model); });
    }
  };
  Problem p;
  const int* counts;
  Divisor by_columns, by_groups;

  static std::int64_t blocks_of(const Problem& p, int batch_size) {
    return tiles_in(std::int64_t{batch_size} * p.rows_of_sample * p.columns * p.groups, kThreads);
  }
  DirectOutputs() = default;
  DirectOutputs(const Problem& problem, const int* counts_in)
      : p(problem), counts(counts_in), by_columns(p.columns), by_groups(p.groups) {}

  FEDSCAPE_HOST_DEVICE bool block(Index index, int m, Block& block) const {
    block = {this, index * kThreads, static_cast<Index>(counts[m]) * p.rows_of_sample, m};
    return block.first < block.rows * p.columns * p.groups;
  }
  FEDSCAPE_HOST_DEVICE void add_up(Index i, Index rows, int m) const {
    const Index line = by_columns.quotient(i), row = by_groups.quotient(line);
    if (row >= rows) return;
    typename Problem::Left left;
    typename Problem::Right right;
    typename Problem::Target target;
    p.operands(m, by_groups.rest(line, row), rows, left, right, target);
    const Index column = by_columns.rest(i, line);
    const auto a = left.line(row);
    const auto b = right.line(column);
    float sum = 0;
    for (Index k = 0; k < p.depth; ++k) sum = std::fma(left.value(a, left.step(k)), right.value(b, right.step(k)), sum);
    target.store_one(target.place(row), column, sum);
  }
};

/// Block [piece, group, row tile, column tile].
template <class T, class Problem>
struct WeightBlocks {
  static constexpr int kThreads = T::kThreads;
  using Block = typename ProductIn<T, typename Problem::Left, typename Problem::Right, WeightTarget>::Type;
  Problem p;
  Index row_tiles, column_tiles;

  FEDSCAPE_HOST_DEVICE bool block(Index index, int m, Block& block) const {
    const WeightPieces& w = p.pieces;
    const Index line = index / column_tiles, group_line = line / row_tiles, piece = group_line / p.groups;
    if (!w.has(m, piece)) return false;
    const Index group = group_line - piece * p.groups, filters = w.filters / p.groups;
    block.row = (line - group_line * row_tiles) * T::kRows;
    block.column = (index - line * column_tiles) * T::kColumns;
    p.operands(m, group, block.left, block.only_right());
    block.target = w.target(m, piece, group * filters, filters);
    block.depth = piece * w.length;
    block.slices = (w.elements(m, piece) + T::kSlice - 1) / T::kSlice;
    return true;
  }
};

/// Calls f with the cheapest tile for outputs, or gradients by inputs.
template <class Launch, class F>
void with_output_tile(const Launch& launch, std::int64_t rows, std::int64_t columns, F&& f) {
  if (launch.tf32()) return with_best_tile(Tf32OutputTiles(), rows, columns, f);
  with_best_tile(OutputTiles(), rows, columns, f);
}
template <class Launch, class F>
void with_weight_tile(const Launch& launch, std::int64_t filters, std::int64_t columns, F&& f) {
  if (launch.tf32()) return with_best_tile(Tf32WeightTiles(), filters, columns, f);
  with_best_tile(WeightTiles(), filters, columns, f);
}

template <class Launch, class Problem>
void multiply_outputs(Launch& launch, const Batch& batch, const Problem& p) {
  const std::int64_t rows = std::int64_t{batch.size} * p.rows_of_sample;
  if (rows == 0 || batch.models == 0) return;
  with_output_tile(launch, rows, p.columns, [&]<class T>(T) {
    using Blocks = OutputBlocks<T, Problem>;
    launch(Blocks(p, launch.counts()), Blocks::blocks_of(p, batch.size), batch.models);
  });
}

template <class Launch, class Problem>
void multiply_weights(Launch& launch, const Batch& batch, const Problem& problem) {
  if (batch.models == 0) return;
  sum_weight_pieces(launch, batch, problem.pieces, [&](const WeightPieces& pieces) {
    Problem p = problem;
    p.pieces = pieces;
    const std::int64_t filters = pieces.filters / p.groups;
    with_weight_tile(launch, filters, pieces.columns, [&]<class T>(T) {
      const std::int64_t down = tiles_in(filters, T::kRows), across = tiles_in(pieces.columns, T::kColumns);
      launch(WeightBlocks<T, Problem>{p, static_cast<Index>(down), static_cast<Index>(across)},
             down * across * p.groups * pieces.pieces, batch.models);
    });
  });
}

}  // namespace fedscape::kernels
