#pragma once

#include "kernels/cpu/wide.hpp"

/// Products of small matrices that lie in the cache, without packing: a block of the result is summed in registers. The
/// sum of one element runs over the depth from first to last whatever surrounds it, so bits depend on neither its
/// place nor the sizes. For sources compiled with -ffp-contract=fast only.
namespace fedscape::kernels {

/// A matrix that is read: element (r, d) is data[r * row + d * step]; or, where the depth consists of `outer` stretches
/// of `inner`, data[r * row + d / inner * jump + d % inner * step].
struct Left {
  const float* data;
  std::int64_t row, step, inner;
  std::int64_t outer = 1, jump = 0;

  Left below(std::int64_t rows) const {
    Left rest = *this;
    rest.data += rows * row;
    return rest;
  }
};

/// The matrix on the right, whole registers wide: row d begins at data + d * row, and further on by `skip` after each
/// stretch of the depth.
struct Right {
  const float* data;
  std::int64_t row;
  std::int64_t skip = 0;
  Right from(std::int64_t column) const { return {data + column, row, skip}; }
};

/// What is added to the sums at their end: a matrix (c itself: to add to it), one row for all (row = 0: a bias), or
/// nothing (data null). At the end, since a long sum in pieces is more exact than in one go.
struct Addend {
  const float* data = nullptr;
  std::int64_t row = 0;

  Addend at(std::int64_t rows, std::int64_t column) const { return {data ? data + rows * row + column : nullptr, row}; }
};

/// c [R, N registers] = a b + addend. Left to itself, gcc unrolls too late for the sums to stay in registers.
template <class V, int R, int N>
void multiply_block(const Left& left, const Right& right, const Addend& addend, float* c, std::int64_t c_row) {
  constexpr int kLanes = sizeof(V) / sizeof(float);
  const std::int64_t row = left.row, step = left.step, b_row = right.row;
  const float* b = right.data;
  V sum[R][N];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
    for (int n = 0; n < N; ++n) sum[r][n] = V{};
  for (std::int64_t o = 0; o < left.outer; ++o) {
    const float* a = left.data + o * left.jump;
    for (std::int64_t d = 0; d < left.inner; ++d, a += step, b += b_row) {
      V registers[N];
#pragma GCC unroll 8
      for (int n = 0; n < N; ++n) registers[n] = load<V>(b + n * kLanes);
#pragma GCC unroll 8
      for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
        for (int n = 0; n < N; ++n) sum[r][n] += a[r * row] * registers[n];
    }
    b += right.skip;
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
    for (int n = 0; n < N; ++n) {
      if (addend.data) sum[r][n] += load<V>(addend.data + r * addend.row + n * kLanes);
      store(c + r * c_row + n * kLanes, sum[r][n]);
    }
}

/// Blocks of eight rows, more of which would need more addresses than there are registers for; then of what is left.
template <class V, int N>
void multiply_columns(std::int64_t rows, Left a, const Right& b, Addend addend, float* c, std::int64_t c_row) {
  for (; rows >= 8; rows -= 8, a = a.below(8), addend = addend.at(8, 0), c += 8 * c_row)
    multiply_block<V, 8, N>(a, b, addend, c, c_row);
  switch (rows) {
    case 7:
      return multiply_block<V, 7, N>(a, b, addend, c, c_row);
    case 6:
      return multiply_block<V, 6, N>(a, b, addend, c, c_row);
    case 5:
      return multiply_block<V, 5, N>(a, b, addend, c, c_row);
    case 4:
      return multiply_block<V, 4, N>(a, b, addend, c, c_row);
    case 3:
      return multiply_block<V, 3, N>(a, b, addend, c, c_row);
    case 2:
      return multiply_block<V, 2, N>(a, b, addend, c, c_row);
    case 1:
      return multiply_block<V, 1, N>(a, b, addend, c, c_row);
  }
}

/// c [rows, columns] = a b + addend; columns is a multiple of V's lanes.
template <class V>
void multiply_in_registers(std::int64_t rows, std::int64_t columns, const Left& a, const Right& b, const Addend& addend,
                           float* c, std::int64_t c_row) {
  constexpr int kLanes = sizeof(V) / sizeof(float), kPair = kWide == 16 ? 2 : 1;  // AVX2 has 16 registers
  std::int64_t k = 0;
  for (; k + kPair * kLanes <= columns; k += kPair * kLanes)
    multiply_columns<V, kPair>(rows, a, b.from(k), addend.at(0, k), c + k, c_row);
  for (; k < columns; k += kLanes) multiply_columns<V, 1>(rows, a, b.from(k), addend.at(0, k), c + k, c_row);
}

}  // namespace fedscape::kernels
