#pragma once

#include <algorithm>

#include "kernels/cpu/row_blocks.hpp"
#include "kernels/cpu/wide.hpp"

/// Products a b of a few rows of a with a b that may lie in memory, which is read in strips: short stretches of many
/// rows, the next of which are on their way meanwhile. The sum of one element runs over the depth from first to last
/// whatever surrounds it, so bits depend on neither its place nor the sizes. For sources compiled with
/// -ffp-contract=fast only.
namespace fedscape::kernels {

/// c [rows, columns] = a b. Element (r, d) of a is a[r + d * a_step]; b [depth, columns]; columns >= kWide.
struct StripProduct {
  std::int64_t rows, columns, depth;
  const float* a;
  std::int64_t a_step;
  const float* b;
  float* c;
};

namespace strip {

inline constexpr std::int64_t kColumns = 128, kDepth = 64;  // a strip fills the first-level cache
inline constexpr int kRows = kWide == 16 ? 12 : 6;          // two registers of sums for each: 24 of 32, or 12 of 16

/// Depths of which products are added, and how far behind those of b the ones lie that are wanted next.
struct Part {
  std::int64_t begin, end, ahead;
};

/// R rows and N registers of c, to which what precedes the part has been added.
template <int R, int N>
void multiply_rows(const StripProduct& p, const Part& part, std::int64_t row, std::int64_t column) {
  float* c = p.c + row * p.columns + column;
  Wide sum[R][N];
#pragma GCC unroll 12
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 2
    for (int n = 0; n < N; ++n) sum[r][n] = part.begin ? load<Wide>(c + r * p.columns + n * kWide) : Wide{};
  const float *a = p.a + part.begin * p.a_step + row, *b = p.b + part.begin * p.columns + column;
  for (std::int64_t d = part.begin; d < part.end; ++d, a += p.a_step, b += p.columns) {
    Wide right[N];
#pragma GCC unroll 2
    for (int n = 0; n < N; ++n) {
      right[n] = load<Wide>(b + n * kWide);
      __builtin_prefetch(b + n * kWide + part.ahead);
    }
#pragma GCC unroll 12
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 2
      for (int n = 0; n < N; ++n) sum[r][n] += a[r] * right[n];
  }
#pragma GCC unroll 12
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 2
    for (int n = 0; n < N; ++n) store(c + r * p.columns + n * kWide, sum[r][n]);
}

/// All rows of c, from the column `left` to the column `right`.
inline void multiply_part(const StripProduct& p, Part part, std::int64_t left, std::int64_t right) {
  for_each_block<kRows>(p.rows, [&](auto rows, std::int64_t row) {
    std::int64_t k = left;
    for (; k + 2 * kWide <= right; k += 2 * kWide) multiply_rows<rows, 2>(p, part, row, k);
    if (k < right) multiply_rows<rows, 1>(p, part, row, k);
    part.ahead = 0;  // the first rows have asked for it
  });
}

}  // namespace strip

inline void multiply_strips(const StripProduct& p) {
  const std::int64_t whole = p.columns / kWide * kWide;
  for (std::int64_t left = 0, right; left < whole; left = right) {
    right = std::min(whole, left + strip::kColumns);
    strip::Part part{0, 0, 0};
    do {
      part.end = std::min(p.depth, part.begin + strip::kDepth);
      if (part.end < p.depth)
        part.ahead = strip::kDepth * p.columns;
      else
        part.ahead = right < whole ? strip::kColumns - part.begin * p.columns : 0;
      strip::multiply_part(p, part, left, right);
      part.begin = part.end;
    } while (part.begin < p.depth);
  }
  if (whole < p.columns)  // a last register, which overlaps what is done already, so that it sums its whole depth anew
    strip::multiply_part(p, {0, p.depth, 0}, p.columns - kWide, p.columns);
}

}  // namespace fedscape::kernels
