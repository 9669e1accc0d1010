#pragma once

#include "kernels/gemm.hpp"
#include "kernels/product_blocks.hpp"

/// Products of matrices that lie in memory as they are: linear layers, and convolutions whose filters see one pixel or
/// all of them.
namespace fedscape::kernels {

/// y [rows, columns] = left [rows, depth] times right, which is [columns, depth] (kAlong) or [depth, columns].
template <bool kAlong>
struct MatrixOutputs {
  using Left = Matrix<true>;
  using Right = Matrix<kAlong>;
  using Target = OutputTarget;
  static constexpr Index groups = 1;

  Index rows_of_sample, depth, columns;
  Slot<const float> left, right, bias, residual;
  bool relu;
  Slot<float> y;

  FEDSCAPE_HOST_DEVICE void operands(int m, Index, Index rows, Left& a, Right& b, Target& target) const {
    float* const to = row_of(y, m);
    a = {row_of(left, m), rows, depth, depth};
    b = {row_of(right, m), columns, depth, kAlong ? depth : columns};
    target = {to,      row_of(bias, m), row_of(residual, m), relu, columns % 4 == 0 && holds_quads(to), rows,
              columns, columns};
  }
};

/// dw [filters, columns] = dy [depth, filters] transposed times x [depth, columns].
struct MatrixWeights {
  using Left = Matrix<false>;
  using Right = Matrix<false>;
  static constexpr Index groups = 1;

  Slot<const float> x, dy;
  WeightPieces pieces;

  FEDSCAPE_HOST_DEVICE void operands(int m, Index, Left& a, Right& b) const {
    a = {row_of(dy, m), pieces.filters, pieces.depth(m), pieces.filters};
    b = {row_of(x, m), pieces.columns, pieces.depth(m), pieces.columns};
  }
};

/// A linear layer from `in` to `out` features, which each sample passes at `positions` places.
struct LinearShape {
  Index positions, in, out;
};

inline MatrixOutputs<true> outputs_of(const LinearShape& s, Slot<const float> x, Slot<const float> w,
                                      Slot<const float> bias, Slot<const float> residual, bool relu, Slot<float> y) {
  return {s.positions, s.in, s.out, x, w, bias, residual, relu, y};
}

/// The bodies of ops/gemm.hpp.
template <class Launch>
void linear_forward_blocks(Launch& launch, const LinearShape& s, const Batch& batch, Slot<const float> x,
                           Slot<const float> w, Slot<const float> bias, Slot<const float> residual, bool relu,
                           Slot<float> y) {
  index_of(std::int64_t{batch.size} * s.positions * std::max(s.in, s.out));
  multiply_outputs(launch, batch, outputs_of(s, x, w, bias, residual, relu, y));
}
template <class Launch>
void linear_backward_data_blocks(Launch& launch, const LinearShape& s, const Batch& batch, Slot<const float> dy,
                                 Slot<const float> w, Slot<float> dx) {
  index_of(std::int64_t{batch.size} * s.positions * std::max(s.in, s.out));
  multiply_outputs(launch, batch, MatrixOutputs<false>{s.positions, s.out, s.in, dy, w, {}, {}, false, dx});
}
template <class Launch>
void linear_backward_weights_blocks(Launch& launch, const LinearShape& s, const Batch& batch, Slot<const float> x,
                                    Slot<const float> dy, Slot<float> dw, Slot<float> dbias) {
  index_of(std::int64_t{batch.size} * s.positions * s.in);
  multiply_weights(launch, batch, MatrixWeights{x, dy, {dw, dbias, s.out, s.in, s.positions}});
}

}  // namespace fedscape::kernels
