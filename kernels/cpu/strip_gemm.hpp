#pragma once

#include <algorithm>

#include "kernels/cpu/row_blocks.hpp"
#include "kernels/cpu/wide.hpp"

/// Products a b of a small a and a b that is read from memory once, in strips: short stretches of many rows. The sum of one
/// element runs over the depth from first to last whatever surrounds it, so bits depend on neither its place nor the
/// sizes. For sources compiled with -ffp-contract=fast only.
namespace fedscape::kernels {

/// c [rows, columns] = a b: element (r, d) of a is a[r + d * a_step], b [depth, columns], columns >= kWide.
struct StripProduct {
  std::int64_t rows, columns, depth;
  const float* a;
  std::int64_t a_step;
  const float* b;
  float* c;
};

namespace strip {

inline constexpr std::int64_t kColumns = 128, kDepth = 64;  // of a strip and of the rows of b that are read side by side
inline constexpr int kRows = kWide == 16 ? 12 : 6;          // twice as many sums fill the registers

/// c (+)= a b for R rows and N registers, from the depths begin to end.
template <int R, int N>
void multiply_rows(const StripProduct& p, std::int64_t row, std::int64_t column, std::int64_t begin, std::int64_t end,
                   std::int64_t ahead) {
  float* c = p.c + row * p.columns + column;
  Wide sum[R][N];
#pragma GCC unroll 12
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 12
    for (int n = 0; n < N; ++n) sum[r][n] = begin ? load<Wide>(c + r * p.columns + n * kWide) : Wide{};
  const float *a = p.a + begin * p.a_step + row, *b = p.b + begin * p.columns + column;
  for (std::int64_t d = begin; d < end; ++d, a += p.a_step, b += p.columns) {
    Wide right[N];
#pragma GCC unroll 12
    for (int n = 0; n < N; ++n) right[n] = load<Wide>(b + n * kWide), __builtin_prefetch(b + n * kWide + ahead);
#pragma GCC unroll 12
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 12
      for (int n = 0; n < N; ++n) sum[r][n] += a[r] * right[n];
  }
#pragma GCC unroll 12
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 12
    for (int n = 0; n < N; ++n) store(c + r * p.columns + n * kWide, sum[r][n]);
}

}  // namespace strip

inline void multiply_strips(const StripProduct& p) {
  using namespace strip;
  const std::int64_t whole = p.columns / kWide * kWide;
  for (std::int64_t left = 0; left < whole; left += kColumns)
    for (std::int64_t begin = 0; begin == 0 || begin < p.depth; begin += kDepth)
      for_each_block<kRows>(p.rows, [&](auto rows, std::int64_t row) {
        const std::int64_t right = std::min(whole, left + kColumns), end = std::min(p.depth, begin + kDepth);
        const std::int64_t ahead = row > 0 ? 0 : end < p.depth ? kDepth * p.columns : right < whole ? kColumns - begin * p.columns : 0;
        std::int64_t k = left;
        for (; k + 2 * kWide <= right; k += 2 * kWide) multiply_rows<rows, 2>(p, row, k, begin, end, ahead);
        if (k < right) multiply_rows<rows, 1>(p, row, k, begin, end, ahead);
      });
  if (whole < p.columns)  // the last register overlaps what is done, so it sums its whole depth anew
    for_each_block<kRows>(p.rows, [&](auto rows, std::int64_t row) {
      multiply_rows<rows, 1>(p, row, p.columns - kWide, 0, p.depth, 0);
    });
}

}  // namespace fedscape::kernels
