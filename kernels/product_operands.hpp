#pragma once

#include "fedscape/tensor/view.hpp"
#include "kernels/product.hpp"

/// Operands and targets that lie in memory as plain matrices.
namespace fedscape::kernels {

/// The size of one model's array, or of an axis of it: what an Index can count.
inline Index index_of(std::int64_t size) {
  FEDSCAPE_CHECK(size < std::int64_t{1} << 31, "an array of {} elements for each model", size);
  return static_cast<Index>(size);
}

/// What model m has in a slot; null where the slot is absent.
template <class T>
FEDSCAPE_HOST_DEVICE T* row_of(const Slot<T>& slot, int m) {
  if (!slot.data) return nullptr;
  return slot.data + m * slot.stride;
}

/// An operand [lines, depth] whose places in the depth lie side by side, or [depth, lines] whose lines do; `pitch`
/// elements from one row in memory to the next.
template <bool kAlong, class T = float>
struct Matrix {
  static constexpr bool kAlongDepth = kAlong;
  using Line = Index;
  using Step = Index;
  using Value = T;

  const T* data;
  Index lines, depth, pitch;

  FEDSCAPE_HOST_DEVICE Line line(Index i) const { return i < lines ? i * (kAlong ? pitch : 1) : kNone; }
  FEDSCAPE_HOST_DEVICE Step step(Index k) const { return k < depth ? k * (kAlong ? 1 : pitch) : kNone; }
  FEDSCAPE_HOST_DEVICE T value(Line line, Step step) const {
    return ((line | step) & kNone) == 0 ? data[line + step] : T{};
  }

 private:
  static constexpr Index kNone = Index{1} << 31;
};

/// Whether four floats from here on can be written at once.
FEDSCAPE_HOST_DEVICE inline bool holds_quads(const void* data) {
  return reinterpret_cast<std::uintptr_t>(data) % sizeof(Quad) == 0;
}

/// Writes what lies before the end of a row.
FEDSCAPE_HOST_DEVICE inline void store_quad(float* to, Index column, Index columns, bool whole, const Quad& quad) {
  if (whole && column + 4 <= columns) {
    *reinterpret_cast<Quad*>(to + column) = quad;
    return;
  }
  FEDSCAPE_UNROLL
  for (Index j = 0; j < 4; ++j)
    if (column + j < columns) to[column + j] = quad.v[j];
}

/// Outputs: y[row, column] = sum + bias[column] + residual[row, column], and max(0, that) with relu; bias and residual
/// may be null, residual may be y.
struct OutputTarget {
  static constexpr bool kSumsRows = false;
  float* y;
  const float *bias, *residual;
  bool relu, quads;
  Index rows, columns, pitch;

  FEDSCAPE_HOST_DEVICE Index place(Index row) const { return row * pitch; }
  FEDSCAPE_HOST_DEVICE float output(Index place, Index column, float value) const {
    if (bias) value += bias[column];
    if (residual) value += residual[place + column];
    return relu && value < 0 ? 0 : value;  // NaN stays
  }
  FEDSCAPE_HOST_DEVICE void store(Index place, Index column, Quad sums) const {
    FEDSCAPE_UNROLL
    for (Index j = 0; j < 4; ++j)
      if (column + j < columns) sums.v[j] = output(place, column + j, sums.v[j]);
    store_quad(y + place, column, columns, quads, sums);
  }
  FEDSCAPE_HOST_DEVICE void store_one(Index place, Index column, float sum) const {
    y[place + column] = output(place, column, sum);
  }
};

/// Gradients by weights [rows, columns] and, unless null, by biases [rows].
struct WeightTarget {
  static constexpr bool kSumsRows = true;
  float *dw, *dbias;
  bool quads;
  Index rows, columns;

  FEDSCAPE_HOST_DEVICE Index place(Index row) const { return row * columns; }
  FEDSCAPE_HOST_DEVICE void store(Index place, Index column, const Quad& sums) const {
    store_quad(dw + place, column, columns, quads, sums);
  }
  FEDSCAPE_HOST_DEVICE void store_one(Index place, Index column, float sum) const { dw[place + column] = sum; }
  FEDSCAPE_HOST_DEVICE void row_sum(Index row, float sum) const {
    if (dbias) dbias[row] = sum;
  }
};

}  // namespace fedscape::kernels
