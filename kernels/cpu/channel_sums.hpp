#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/cpu/tiles.hpp"

/// Sums over the rows of matrices [rows, channels]. The order of the additions depends on the sizes alone: rows are
/// cut into chunks; in a chunk each channel has kLanes float sums, row r going to lane r % kLanes; lanes and chunks are
/// then added in order, in double.
namespace fedscape::kernels {

inline constexpr std::int64_t kChunkRows = 64;

/// sums[c] += sum over begin <= r < end of the term of row r and channel c, as one chunk. term(V{}, r, c) is that of
/// the tile of channels that begins at c.
template <class Term>
void add_chunk(std::int64_t begin, std::int64_t end, int channels, const Term& term, double* sums) {
  constexpr int kLanes = 4;
  for_each_tile(channels, [&](auto tile, int c) {
    using V = decltype(tile);
    V lanes[kLanes] = {};
    std::int64_t r = begin;
    for (; r + kLanes <= end; r += kLanes)
      for (int lane = 0; lane < kLanes; ++lane) lanes[lane] += term(V{}, r + lane, c);
    for (int lane = 0; r < end; ++r, ++lane) lanes[lane] += term(V{}, r, c);
    float values[kLanes][sizeof(V) / sizeof(float)];
    std::memcpy(values, lanes, sizeof(lanes));
#pragma omp simd
    for (int i = 0; i < static_cast<int>(sizeof(V) / sizeof(float)); ++i)
      sums[c + i] += (double{values[0][i]} + values[1][i]) + (double{values[2][i]} + values[3][i]);
  });
}

/// Calls f(begin, end) for each chunk of rows.
template <class F>
void for_each_chunk(std::int64_t rows, F&& f) {
  for (std::int64_t begin = 0; begin < rows; begin += kChunkRows) f(begin, std::min(rows, begin + kChunkRows));
}

}  // namespace fedscape::kernels
