#pragma once

#include <algorithm>
#include <cstdint>

/// Sums over the rows of matrices [rows, channels]. The order of the additions depends on the sizes alone: rows are
/// cut into chunks; in a chunk each channel has kLanes float sums, row r going to lane r % kLanes; lanes and chunks are
/// then added in order, in double.
namespace fedscape::kernels {

inline constexpr std::int64_t kChunkRows = 64;

namespace channel_sums {

inline constexpr int kLanes = 4;

/// One chunk of `width` channels; kWidth > 0 is a width known to the compiler, which then keeps the lanes in registers.
template <int kWidth, class Term>
void add_tile(std::int64_t begin, std::int64_t end, int first, int width, const Term& term, double* sums) {
  constexpr int kMost = kWidth ? kWidth : 8;
  const int n = kWidth ? kWidth : width;
  float lanes[kLanes][kMost] = {};
  std::int64_t r = begin;
  for (; r + kLanes <= end; r += kLanes)
    for (int lane = 0; lane < kLanes; ++lane)
      for (int i = 0; i < n; ++i) lanes[lane][i] += term(r + lane, first + i);
  for (int lane = 0; r < end; ++r, ++lane)
    for (int i = 0; i < n; ++i) lanes[lane][i] += term(r, first + i);
  for (int i = 0; i < n; ++i)
    sums[first + i] += (double{lanes[0][i]} + lanes[1][i]) + (double{lanes[2][i]} + lanes[3][i]);
}

}  // namespace channel_sums

/// sums[c] += sum over begin <= r < end of term(r, c), as one chunk.
template <class Term>
void add_chunk(std::int64_t begin, std::int64_t end, int channels, const Term& term, double* sums) {
  int c = 0;
  for (; c + 16 <= channels; c += 16) channel_sums::add_tile<16>(begin, end, c, 16, term, sums);
  for (; c + 8 <= channels; c += 8) channel_sums::add_tile<8>(begin, end, c, 8, term, sums);
  if (c < channels) channel_sums::add_tile<0>(begin, end, c, channels - c, term, sums);
}

/// Calls f(begin, end) for each chunk of rows.
template <class F>
void for_each_chunk(std::int64_t rows, F&& f) {
  for (std::int64_t begin = 0; begin < rows; begin += kChunkRows) f(begin, std::min(rows, begin + kChunkRows));
}

}  // namespace fedscape::kernels
