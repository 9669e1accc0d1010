#pragma once

#include <utility>

#include "kernels/cpu/wide.hpp"

/// Products a b^T of matrices that both lie along the depth. Each element is summed in the lanes of one register, lane
/// l taking depths l, l + kWide, ...; the lanes are then added pairwise. The order depends on the depth alone, so bits
/// depend on neither an element's place nor the sizes. For sources compiled with -ffp-contract=fast only.
namespace fedscape::kernels {

/// Reads a register once: without volatile, gcc 12 reads again for each use of the value rather than keep it.
inline Wide load_once(const float* from) {
  using Unaligned __attribute__((vector_size(sizeof(Wide)), aligned(sizeof(float)), may_alias)) = float;
  return *reinterpret_cast<const volatile Unaligned*>(from);
}

/// Rows of `size` floats, at least kWide of them. What fills no register at the end of a row is read as the register
/// that ends with the row, with zeros for what was read before.
class Depth {
 public:
  explicit Depth(std::int64_t floats) : size(floats), whole(floats / kWide * kWide) {
    for (int lane = 0; lane < kWide; ++lane) keep_[lane] = lane < kWide - (size - whole) ? 0 : -1;
  }
  Wide last(const float* row) const {
    return reinterpret_cast<Wide>(reinterpret_cast<Lanes>(load<Wide>(row + size - kWide)) & keep_);
  }

  const std::int64_t size, whole;

 private:
  using Lanes = int __attribute__((vector_size(sizeof(Wide))));
  Lanes keep_;
};

/// Part of the depth, in whole registers; the last one takes what is left as well.
struct Stretch {
  std::int64_t begin, end;
};

/// sums[r][n] += a_r b_n over a stretch, for R rows of a and N of b; kWide registers lie between rows of sums. `next`
/// is what will be read as b soon, or null.
template <int R, int N>
void add_dots(const Depth& depth, Stretch stretch, const float* a, const float* b, const float* next, float* sums) {
  Wide sum[R][N];
  const auto place = [=](int r, int n) { return sums + (r * kWide + n) * kWide; };
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
    for (int n = 0; n < N; ++n) sum[r][n] = stretch.begin ? load<Wide>(place(r, n)) : Wide{};
  const auto add = [&](auto read) {
    Wide left[R];
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) left[r] = read(a + r * depth.size);
#pragma GCC unroll 8
    for (int n = 0; n < N; ++n) {
      const Wide right = read(b + n * depth.size);
#pragma GCC unroll 8
      for (int r = 0; r < R; ++r) sum[r][n] += left[r] * right;
    }
  };
  if (next)
    for (std::int64_t d = stretch.begin; d < stretch.end; d += kWide) {
#pragma GCC unroll 8
      for (int n = 0; n < N; ++n) __builtin_prefetch(next + n * depth.size + d);
      add([d](const float* row) { return load_once(row + d); });
    }
  else
    for (std::int64_t d = stretch.begin; d < stretch.end; d += kWide)
      add([d](const float* row) { return load_once(row + d); });
  if (stretch.end == depth.whole && depth.whole < depth.size) add([&](const float* row) { return depth.last(row); });
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
    for (int n = 0; n < N; ++n) store(place(r, n), sum[r][n]);
}

/// Sums of neighbouring lanes: those of a, then those of b.
template <std::size_t... Lane>
Wide fold(const Wide& a, const Wide& b, std::index_sequence<Lane...>) {
  return __builtin_shufflevector(a, b, 2 * Lane...) + __builtin_shufflevector(a, b, (2 * Lane + 1)...);
}

/// Lane n is the sum over the lanes of register n of kWide.
inline Wide sum_lanes(const float* sums) {
  Wide level[kWide];
  for (int n = 0; n < kWide; ++n) level[n] = load<Wide>(sums + n * kWide);
  for (int left = kWide / 2; left > 0; left /= 2)
    for (int n = 0; n < left; ++n) level[n] = fold(level[2 * n], level[2 * n + 1], std::make_index_sequence<kWide>());
  return level[0];
}

}  // namespace fedscape::kernels
