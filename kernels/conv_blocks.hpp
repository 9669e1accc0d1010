#pragma once

#include <optional>

#include "kernels/conv_classes.hpp"
#include "kernels/gemm_blocks.hpp"

/// Convolutions as products (see product_blocks.hpp) whose operands are read where they lie in the maps.
namespace fedscape::kernels {

/// y [windows, filters of a group] = patches of x times w.
struct ConvOutputs {
  using Left = WindowLines;
  using Right = Matrix<true>;
  using Target = OutputTarget;

  Index rows_of_sample, depth, columns, groups;
  PatchShape patches;
  Slot<const float> x, w, bias, residual;
  bool relu;
  Slot<float> y;

  FEDSCAPE_HOST_DEVICE void operands(int m, Index group, Index rows, Left& a, Right& b, Target& target) const {
    const Index first = group * columns;
    float* const to = row_of(y, m) + first;
    const float *bias_of = row_of(bias, m), *residual_of = row_of(residual, m);
    if (bias_of) bias_of += first;
    if (residual_of) residual_of += first;
    a = {{patches, row_of(x, m) + group * patches.channels, rows}};
    b = {row_of(w, m) + first * depth, columns, depth, depth};
    target = {to,   bias_of, residual_of,     relu, groups * columns % 4 == 0 && holds_quads(to),
              rows, columns, groups * columns};
  }
};

/// dx of one class of pixels, [pixels, channels of a group] = patches of dy times w.
struct ConvInputs {
  using Left = WindowLines;
  using Right = ClassFilters;
  using Target = ClassTarget;

  Index rows_of_sample, depth, columns, groups;
  ConvClass pixels;
  Index height, width, kernel_y, kernel_x, stride_y, stride_x;
  Slot<const float> dy, w;
  Slot<float> dx;

  ConvInputs() = default;
  ConvInputs(const ConvShape& s, const ConvClass& c, Slot<const float> dy_in, Slot<const float> w_in, Slot<float> dx_in)
      : rows_of_sample(c.patches.rows.windows * c.patches.columns.windows),
        depth(c.patches.elements()),
        columns(static_cast<Index>(s.channels / s.groups)),
        groups(static_cast<Index>(s.groups)),
        pixels(c),
        height(static_cast<Index>(s.height)),
        width(static_cast<Index>(s.width)),
        kernel_y(static_cast<Index>(s.kernel_y)),
        kernel_x(static_cast<Index>(s.kernel_x)),
        stride_y(static_cast<Index>(s.stride_y)),
        stride_x(static_cast<Index>(s.stride_x)),
        dy(dy_in),
        w(w_in),
        dx(dx_in) {}

  FEDSCAPE_HOST_DEVICE void operands(int m, Index group, Index rows, Left& a, Right& b, Target& target) const {
    const PatchShape& patches = pixels.patches;
    const Index filters = patches.channels;
    float* const to = row_of(dx, m) + group * columns;
    a = {{patches, row_of(dy, m) + group * filters, rows}};
    b = {row_of(w, m) + group * filters * kernel_y * kernel_x * columns,
         columns,
         kernel_y,
         kernel_x,
         patches.row_of_taps,
         patches.tap,
         depth,
         pixels.last_y,
         pixels.last_x,
         pixels.step_y,
         pixels.step_x};
    target = {to,
              groups * columns % 4 == 0 && holds_quads(to),
              rows,
              columns,
              groups * columns,
              height,
              width,
              pixels.first_y,
              pixels.first_x,
              stride_y,
              stride_x,
              patches.windows,
              patches.row_of_windows};
  }
};

/// dw [filters of a group, taps] = dy transposed times patches of x.
struct ConvWeights {
  using Left = Matrix<false>;
  using Right = TapLines;

  Index groups;
  PatchShape patches;
  Slot<const float> x, dy;
  WeightPieces pieces;

  FEDSCAPE_HOST_DEVICE void operands(int m, Index group, Left& a, Right& b) const {
    const Index filters = pieces.filters / groups, depth = pieces.depth(m);
    a = {row_of(dy, m) + group * filters, filters, depth, pieces.filters};
    b = {{patches, row_of(x, m) + group * patches.channels, depth}};
  }
};

/// The blocks of several problems, one after the other, in one launch.
template <class Blocks, int kMost>
struct BlocksOfSeveral {
  static constexpr int kThreads = Blocks::kThreads;
  using Block = typename Blocks::Block;
  Blocks problems[kMost];
  Index first[kMost];
  int problem_count;

  FEDSCAPE_HOST_DEVICE bool block(Index index, int m, Block& block) const {
    if constexpr (kMost == 1) return problems[0].block(index, m, block);
    int i = 0;
    while (i + 1 < problem_count && index >= first[i + 1]) ++i;
    return problems[i].block(index - first[i], m, block);
  }
};

/// Where the filters see one pixel, or all of them, the convolution is a linear layer.
inline std::optional<LinearShape> linear_shape_of(const ConvShape& s) {
  const auto filters = static_cast<Index>(s.filters);
  if (s.groups > 1 || s.pad_y > 0 || s.pad_x > 0) return {};
  if (s.kernel_y == 1 && s.kernel_x == 1 && s.stride_y == 1 && s.stride_x == 1)
    return LinearShape{static_cast<Index>(s.height * s.width), static_cast<Index>(s.channels), filters};
  const bool all = s.kernel_y == s.height && s.kernel_x == s.width;
  const bool dense = (s.kernel_y == 1 || s.dilation_y == 1) && (s.kernel_x == 1 || s.dilation_x == 1);
  if (all && dense) return LinearShape{1, static_cast<Index>(s.input().size()), filters};
  return {};
}

/// Whether groups have too few columns for a tile.
constexpr bool is_narrow(int columns, int groups) { return groups > 1 && columns < 4; }

inline void check_sizes(const ConvShape& s, const Batch& batch) {
  index_of(batch.size * std::max(s.input().size(), s.output().size()));
  index_of(s.weights().size());
}

}  // namespace fedscape::kernels
