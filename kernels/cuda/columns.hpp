#pragma once

#include "kernels/cuda/grid.hpp"

/// Bodies over matrices [rows, columns] whose columns mean something: channels. The rows of a model are summed together
/// or sample by sample. Neighbouring threads take neighbouring columns, then the next rows, so that reads coalesce and
/// a thread has one column. How rows are cut depends on the columns alone.
namespace fedscape::kernels {

/// A block's share: `width` neighbouring columns, `lanes` rows at once, kSteps times.
struct Tiles {
  static constexpr int kSteps = 32;

  explicit Tiles(int columns_in)
      : columns(columns_in),
        number((columns + kThreads - 1) / kThreads),
        width((columns + number - 1) / number),
        lanes(kThreads / width) {}
  /// Chunks of so many rows.
  FEDSCAPE_HOST_DEVICE std::int64_t chunks(std::int64_t rows) const {
    return (rows + lanes * kSteps - 1) / (lanes * kSteps);
  }
  /// Column of thread t in a tile, or -1.
  FEDSCAPE_HOST_DEVICE int column(int tile, int t) const {
    const int c = tile * width + t % width;
    return t < lanes * width && c < columns ? c : -1;
  }

  int columns, number, width, lanes;
};

/// Which rows of a model belong together.
struct RowSets {
  const int* counts;        // on the grid
  std::int64_t positions;   // rows of a sample
  bool per_sample;          // else all of a model's are one set
  std::int64_t sets, most;  // of a model, whether real or not; rows of a set at most
  std::int64_t chunks;      // of a set at most

  RowSets(const Tiles& tiles, const Batch& batch, const int* counts_in, std::int64_t positions_in, bool per_sample_in)
      : counts(counts_in),
        positions(positions_in),
        per_sample(per_sample_in),
        sets(per_sample ? batch.size : 1),
        most(per_sample ? positions : batch.size * positions),
        chunks(tiles.chunks(most)) {}
  FEDSCAPE_HOST_DEVICE std::int64_t rows(int m, std::int64_t set) const {
    if (!per_sample) return counts[m] * positions;
    return set < counts[m] ? positions : 0;
  }
  /// Chunks of the real rows of a model: the first of its sets * chunks, as the last set alone may have fewer.
  FEDSCAPE_HOST_DEVICE std::int64_t real_chunks(const Tiles& tiles, int m) const {
    return per_sample ? counts[m] * chunks : tiles.chunks(counts[m] * positions);
  }
};

/// The chunk of a set and the tile of columns that a block has, from its x().
struct Part {
  int tile;
  std::int64_t set, chunk;
  FEDSCAPE_HOST_DEVICE Part(const Tiles& tiles, const RowSets& sets, std::int64_t x)
      : tile(static_cast<int>(x % tiles.number)),
        set(x / tiles.number / sets.chunks),
        chunk(x / tiles.number % sets.chunks) {}
};

/// Calls f(row) for the rows of a chunk that are thread t's.
template <class F>
FEDSCAPE_HOST_DEVICE void each_row(const Tiles& tiles, std::int64_t rows, std::int64_t chunk, int t, const F& f) {
  const std::int64_t begin = chunk * tiles.lanes * Tiles::kSteps, left = rows - begin;
  const int last = tiles.lanes * Tiles::kSteps < left ? tiles.lanes * Tiles::kSteps : static_cast<int>(left);
  for (int r = t / tiles.width; r < last; r += tiles.lanes) f(begin + r);
}

/// f(f.column(m, set, c), row) for each element of the real rows.
template <class F>
struct EachRow {
  struct Shared {};
  Tiles tiles;
  RowSets sets;
  F f;
  template <class Block>
  FEDSCAPE_HOST_DEVICE void operator()(const Block& block, Shared&) const {
    const Part part(tiles, sets, block.x());
    const int m = block.model();
    const std::int64_t rows = sets.rows(m, part.set);
    block.each_thread([&](int t) {
      const int c = tiles.column(part.tile, t);
      if (c < 0 || part.chunk * tiles.lanes * Tiles::kSteps >= rows) return;
      const auto column = f.column(m, part.set, c);
      each_row(tiles, rows, part.chunk, t, [&](std::int64_t row) { f(column, row); });
    });
  }
};

template <class Grid, class F>
void each_row(const Grid& grid, const Tiles& tiles, const RowSets& sets, int models, const F& f) {
  grid.blocks(sets.sets * sets.chunks * tiles.number, models, EachRow<F>{tiles, sets, f});
}

/// Two sums of each thread.
struct PairSums {
  double first[kThreads], second[kThreads];
};

/// The sums of all lanes of each column, in its first lane: a tree whose order never changes.
template <class Block>
FEDSCAPE_HOST_DEVICE void add_lanes(const Block& block, PairSums& sums, int width, int lanes) {
  int half = 1;
  while (half < lanes) half *= 2;
  for (half /= 2; half > 0; half /= 2)
    block.each_thread([&](int t) {
      const int lane = t / width;
      if (lane >= half || lane + half >= lanes) return;
      sums.first[t] += sums.first[t + half * width];
      sums.second[t] += sums.second[t + half * width];
    });
}

/// partial [M, sets, chunks, 2, columns]: the sums of a chunk's rows. term(term.column(m, set, c), row, first, second)
/// adds what an element is to both.
template <class Term>
struct ChunkSums {
  using Shared = PairSums;
  Tiles tiles;
  RowSets sets;
  Term term;
  double* partial;
  template <class Block>
  FEDSCAPE_HOST_DEVICE void operator()(const Block& block, Shared& shared) const {
    const Part part(tiles, sets, block.x());
    const int m = block.model(), columns = tiles.columns;
    const std::int64_t rows = sets.rows(m, part.set);
    if (part.chunk * tiles.lanes * Tiles::kSteps >= rows) return;
    block.each_thread([&](int t) {
      const int c = tiles.column(part.tile, t);
      double first = 0, second = 0;
      if (c >= 0) {
        const auto column = term.column(m, part.set, c);
        each_row(tiles, rows, part.chunk, t, [&](std::int64_t row) { term(column, row, first, second); });
      }
      shared.first[t] = first;
      shared.second[t] = second;
    });
    add_lanes(block, shared, tiles.width, tiles.lanes);
    double* const sums = partial + ((m * sets.sets + part.set) * sets.chunks + part.chunk) * 2 * columns;
    block.each_thread([&](int t) {
      const int c = tiles.column(part.tile, t);
      if (c < 0 || t >= tiles.width) return;
      sums[c] = shared.first[t];
      sums[columns + c] = shared.second[t];
    });
  }
};

template <class Grid, class Term>
Tensor<double> chunk_sums(const Grid& grid, const Tiles& tiles, const RowSets& sets, int models, const Term& term) {
  Tensor<double> partial(grid.stream(), {models, sets.sets, sets.chunks, 2, tiles.columns});
  grid.blocks(sets.sets * sets.chunks * tiles.number, models, ChunkSums<Term>{tiles, sets, term, partial.data()});
  return partial;
}

/// finish(m, c, first, second) with the sums over all chunks of a model's real rows; x() is the tile.
template <class Finish>
struct ColumnTotals {
  using Shared = PairSums;
  Tiles tiles;
  RowSets sets;
  const double* partial;
  Finish finish;
  template <class Block>
  FEDSCAPE_HOST_DEVICE void operator()(const Block& block, Shared& shared) const {
    const int tile = static_cast<int>(block.x()), m = block.model(), columns = tiles.columns;
    const std::int64_t chunks = sets.real_chunks(tiles, m);
    const double* const sums = partial + m * sets.sets * sets.chunks * 2 * columns;
    block.each_thread([&](int t) {
      const int c = tiles.column(tile, t);
      double first = 0, second = 0;
      for (std::int64_t chunk = t / tiles.width; c >= 0 && chunk < chunks; chunk += tiles.lanes) {
        first += sums[chunk * 2 * columns + c];
        second += sums[(chunk * 2 + 1) * columns + c];
      }
      shared.first[t] = first;
      shared.second[t] = second;
    });
    add_lanes(block, shared, tiles.width, tiles.lanes);
    block.each_thread([&](int t) {
      const int c = tiles.column(tile, t);
      if (c >= 0 && t < tiles.width) finish(m, c, shared.first[t], shared.second[t]);
    });
  }
};

template <class Grid, class Finish>
void column_totals(const Grid& grid, const Tiles& tiles, const RowSets& sets, int models, const Tensor<double>& partial,
                   const Finish& finish) {
  grid.blocks(tiles.number, models, ColumnTotals<Finish>{tiles, sets, partial.data(), finish});
}

/// finish(m, b, g, first, second) with the sums over the chunks and the columns of a group of a real sample, each
/// column times finish.weight(m, c). kLanes threads take a group; x() counts such bundles of a model.
template <class Finish>
struct GroupTotals {
  static constexpr int kLanes = 32, kGroups = kThreads / kLanes;
  using Shared = PairSums;
  int columns, groups;
  RowSets sets;
  const double* partial;
  Finish finish;
  template <class Block>
  FEDSCAPE_HOST_DEVICE void operator()(const Block& block, Shared& shared) const {
    const int m = block.model(), size = columns / groups;
    const std::int64_t real = std::int64_t{sets.counts[m]} * groups;
    const auto group_of = [&](int t) { return block.x() * kGroups + t % kGroups; };
    if (group_of(0) >= real) return;
    block.each_thread([&](int t) {
      const std::int64_t group = group_of(t), b = group / groups;
      const int begin = static_cast<int>(group % groups) * size;
      const double* const sums = partial + (m * sets.sets + b) * sets.chunks * 2 * columns;
      double first = 0, second = 0;
      for (std::int64_t i = t / kGroups; group < real && i < sets.chunks * size; i += kLanes) {
        const int c = begin + static_cast<int>(i % size);
        const double weight = finish.weight(m, c);
        first += weight * sums[i / size * 2 * columns + c];
        second += weight * sums[(i / size * 2 + 1) * columns + c];
      }
      shared.first[t] = first;
      shared.second[t] = second;
    });
    add_lanes(block, shared, kGroups, kLanes);
    block.each_thread([&](int t) {
      const std::int64_t group = group_of(t);
      if (t < kGroups && group < real)
        finish(m, group / groups, static_cast<int>(group % groups), shared.first[t], shared.second[t]);
    });
  }
};

/// Of sets that are samples.
template <class Grid, class Finish>
void group_totals(const Grid& grid, const Tiles& tiles, const RowSets& sets, int groups, int models,
                  const Tensor<double>& partial, const Finish& finish) {
  using Totals = GroupTotals<Finish>;
  const std::int64_t bundles = (sets.sets * groups + Totals::kGroups - 1) / Totals::kGroups;
  grid.blocks(bundles, models, Totals{tiles.columns, groups, sets, partial.data(), finish});
}

}  // namespace fedscape::kernels
