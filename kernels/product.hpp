#pragma once

#include <cmath>
#include <cstdint>

#include "fedscape/base/host_device.hpp"

/// The product of two matrices as one block of threads computes it, tile by tile: what a CUDA kernel runs, written so
/// that a loop over its threads does the same on the host.
///
/// sum[row, column] = sum over depth of left[row, depth] * right[column, depth], one fused multiply-add after the other
/// from the first element of the depth to the last. So no bit depends on the tile or on what surrounds it.
///
/// An operand is a matrix of lines, the rows of the product or its columns: Line line(Index) and Step step(Index) are
/// what has to be known of a line and of a place in the depth, Value value(Line, Step) is the element, 0 where there is
/// none.
/// kAlongDepth: neighbours in the depth lie side by side in memory, else neighbouring lines do.
namespace fedscape::kernels {

using Index = std::uint32_t;  // within one model's array, which has less than 2^31 elements

struct alignas(16) Quad {
  float v[4];
};

/// A tile of kRows x kColumns sums, of which each thread has kHigh x kWide in quads that lie apart; kSlice elements of
/// the depth are held in shared memory at a time.
template <int kRowsOfTile, int kColumnsOfTile, int kHighOfThread, int kWideOfThread, int kSliceOfTile = 16>
struct Tile {
  static constexpr int kRows = kRowsOfTile, kColumns = kColumnsOfTile, kHigh = kHighOfThread, kWide = kWideOfThread;
  static constexpr int kSlice = kSliceOfTile;
  static constexpr int kAcross = kColumns / kWide;  // threads side by side
  static constexpr int kThreads = kRows / kHigh * kAcross;
  /// Instructions for one element of the depth: products, reads of shared memory, and about ten to fetch an element.
  static constexpr std::int64_t kCost = kThreads * (kHigh * kWide + (kHigh + kWide) / 4) + 10 * (kRows + kColumns);
};

/// What one thread fetches of an operand's slice of kLines lines.
template <class Operand, int kLines, int kSlice, int kThreads>
class Share {
 public:
  FEDSCAPE_HOST_DEVICE void start(const Operand& operand, int thread, Index first) {
    for (int i = 0; i < kKept; ++i) lines_[i] = operand.line(first + static_cast<Index>(line_of(thread, i)));
  }
  FEDSCAPE_HOST_DEVICE void fetch(const Operand& operand, int thread, Index depth) {
    FEDSCAPE_UNROLL
    for (int i = 0; i < kEach; ++i)
      values_[i] = operand.value(lines_[i % kKept], operand.step(depth + static_cast<Index>(depth_of(thread, i))));
  }
  /// f(line, depth, value) for each element fetched.
  template <class F>
  FEDSCAPE_HOST_DEVICE void for_each(int thread, F&& f) const {
    FEDSCAPE_UNROLL
    for (int i = 0; i < kEach; ++i) f(line_of(thread, i), depth_of(thread, i), values_[i]);
  }

 private:
  static constexpr bool kAlong = Operand::kAlongDepth;
  static constexpr int kEach = kLines * kSlice / kThreads;
  static constexpr int kKept = kAlong ? kEach : kLines > kThreads ? kLines / kThreads : 1;
  static_assert(kThreads % kSlice == 0 && kLines * kSlice % kThreads == 0);
  static_assert(kLines % kThreads == 0 || kThreads % kLines == 0);

  FEDSCAPE_HOST_DEVICE static constexpr int line_of(int thread, int i) {
    const int element = thread + i * kThreads;
    return kAlong ? element / kSlice : element % kLines;
  }
  FEDSCAPE_HOST_DEVICE static constexpr int depth_of(int thread, int i) {
    return kAlong ? thread % kSlice : (thread + i * kThreads) / kLines;
  }

  typename Operand::Line lines_[kKept];
  typename Operand::Value values_[kEach];
};

/// Runs a block whose threads fetch a slice of both operands, put it into shared memory and multiply what lies there:
/// the next slice is fetched meanwhile. each(f) calls f(thread, id) for all threads of the block and waits for them.
template <class Block, class Each>
FEDSCAPE_HOST_DEVICE void run_slices(const Block& block, typename Block::Shared& shared, Each each) {
  using Thread = typename Block::Thread;
  each([&](Thread& thread, int id) {
    thread.start(block, id);
    if (block.slices == 0) return;
    thread.fetch(block, id, 0);
    thread.put(shared, id, 0);
  });
  for (Index slice = 0; slice < block.slices; ++slice)
    each([&](Thread& thread, int id) {
      const bool more = slice + 1 < block.slices;
      if (more) thread.fetch(block, id, slice + 1);
      thread.multiply(block, shared, id, slice);
      if (more) thread.put(shared, id, slice + 1);  // where nobody has read since the last wait
    });
  each([&](Thread& thread, int id) { thread.finish(block, id); });
}

/// One block's tile. Target: rows, columns, place(row) and store(place, first column, Quad), which keeps to them; where
/// kSumsRows, row_sum(row, sum) takes the sums of left's rows over the depth, which the blocks on the left add up.
template <class TileOf, class Left, class Right, class Target>
struct Product {
  using T = TileOf;
  struct Shared {
    Quad left[2][T::kSlice][T::kRows / 4 + 1], right[2][T::kSlice][T::kColumns / 4 + 1];  // + 1: fewer bank conflicts
  };

  Left left;
  Right right;
  Target target;
  Index row, column, depth, slices;  // where this tile begins; slices of the depth from `depth` on

  class Thread {
   public:
    FEDSCAPE_HOST_DEVICE void start(const Product& p, int id) {
      for (auto& line : sums_)
        for (float& sum : line) sum = 0;
      row_sum_ = 0;
      left_.start(p.left, id, p.row);
      right_.start(p.right, id, p.column);
    }
    FEDSCAPE_HOST_DEVICE void fetch(const Product& p, int id, Index slice) {
      left_.fetch(p.left, id, p.depth + slice * T::kSlice);
      right_.fetch(p.right, id, p.depth + slice * T::kSlice);
    }
    FEDSCAPE_HOST_DEVICE void put(Shared& shared, int id, Index slice) const {
      const auto put_in = [](auto& lines) {
        return [&](int line, int k, float value) { lines[k][line / 4].v[line % 4] = value; };
      };
      left_.for_each(id, put_in(shared.left[slice % 2]));
      right_.for_each(id, put_in(shared.right[slice % 2]));
    }
    FEDSCAPE_HOST_DEVICE void multiply(const Product& p, const Shared& shared, int id, Index slice);
    FEDSCAPE_HOST_DEVICE void finish(const Product& p, int id) const;

   private:
    Share<Left, T::kRows, T::kSlice, T::kThreads> left_;
    Share<Right, T::kColumns, T::kSlice, T::kThreads> right_;
    float sums_[T::kHigh][T::kWide];
    float row_sum_;
  };

  FEDSCAPE_HOST_DEVICE Right& only_right() { return right; }
  FEDSCAPE_HOST_DEVICE bool sums_rows() const { return Target::kSumsRows && column == 0; }

  template <class Each>
  FEDSCAPE_HOST_DEVICE void run(Shared& shared, Each each) const {
    run_slices(*this, shared, each);
  }
};

template <class TileOf, class Left, class Right, class Target>
FEDSCAPE_HOST_DEVICE void Product<TileOf, Left, Right, Target>::Thread::multiply(const Product& p, const Shared& shared,
                                                                                 int id, Index slice) {
  const auto& lefts = shared.left[slice % 2];
  const auto& rights = shared.right[slice % 2];
  const int down = id / T::kAcross, across = id % T::kAcross;
  FEDSCAPE_UNROLL
  for (int k = 0; k < T::kSlice; ++k) {
    Quad a[T::kHigh / 4], b[T::kWide / 4];
    FEDSCAPE_UNROLL
    for (int i = 0; i < T::kHigh / 4; ++i) a[i] = lefts[k][i * (T::kRows / T::kHigh) + down];
    FEDSCAPE_UNROLL
    for (int j = 0; j < T::kWide / 4; ++j) b[j] = rights[k][j * T::kAcross + across];
    FEDSCAPE_UNROLL
    for (int i = 0; i < T::kHigh; ++i) {
      FEDSCAPE_UNROLL
      for (int j = 0; j < T::kWide; ++j) sums_[i][j] = std::fma(a[i / 4].v[i % 4], b[j / 4].v[j % 4], sums_[i][j]);
    }
  }
  if constexpr (Target::kSumsRows) {
    static_assert(T::kRows <= T::kThreads);
    if (!p.sums_rows() || id >= T::kRows) return;
    for (int k = 0; k < T::kSlice; ++k) row_sum_ += lefts[k][id / 4].v[id % 4];
  }
}

template <class TileOf, class Left, class Right, class Target>
FEDSCAPE_HOST_DEVICE void Product<TileOf, Left, Right, Target>::Thread::finish(const Product& p, int id) const {
  const int down = id / T::kAcross, across = id % T::kAcross;
  FEDSCAPE_UNROLL
  for (int i = 0; i < T::kHigh; ++i) {
    const int line = (i / 4 * (T::kRows / T::kHigh) + down) * 4 + i % 4;
    const Index own = p.row + static_cast<Index>(line);
    if (own >= p.target.rows) continue;
    const auto place = p.target.place(own);
    FEDSCAPE_UNROLL
    for (int j = 0; j < T::kWide; j += 4) {
      const int first = (j / 4 * T::kAcross + across) * 4;
      p.target.store(place, p.column + static_cast<Index>(first),
                     {sums_[i][j], sums_[i][j + 1], sums_[i][j + 2], sums_[i][j + 3]});
    }
  }
  if constexpr (Target::kSumsRows)
    if (p.sums_rows() && id < T::kRows && p.row + static_cast<Index>(id) < p.target.rows)
      p.target.row_sum(p.row + static_cast<Index>(id), row_sum_);
}

}  // namespace fedscape::kernels
