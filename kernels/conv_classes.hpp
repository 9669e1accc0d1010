#pragma once

#include <numeric>
#include <vector>

#include "kernels/conv_patches.hpp"

/// Gradients by inputs. Input place i meets, by tap k, output o with o * stride = i + pad - k * dilation. The places
/// whose i + pad leave the same rest when divided by the stride meet the same taps, every so many of them, and within
/// such a class o moves by one from place to place: a convolution of the outputs' gradients with stride 1.
namespace fedscape::kernels {

/// A class along one axis: places first, first + stride, ..., and what they see of dy; tap t of that convolution is tap
/// last - t * step of the filters.
struct ClassLine {
  WindowLine windows;
  Index first = 0, last = 0, step = 1;
};

inline std::vector<ClassLine> classes_of(int size, int out, int kernel, int stride, int pad, int dilation) {
  std::vector<ClassLine> classes;
  const int common = std::gcd(stride, dilation), step = stride / common;
  for (int first = 0; first < std::min(stride, size); ++first) {
    const std::int64_t at = first + std::int64_t{pad};
    std::int64_t k = 0;  // the first tap whose distance is a multiple of the stride
    while (k < std::min(step, kernel) && (at - k * dilation) % stride != 0) ++k;
    const std::int64_t taps = k < std::min(step, kernel) ? (kernel - 1 - k) / step + 1 : 0;
    const std::int64_t last = k + (taps - 1) * step;
    ClassLine line{.first = static_cast<Index>(first), .step = static_cast<Index>(step)};
    line.windows = {.size = static_cast<Index>(out),
                    .windows = static_cast<Index>((size - first + stride - 1) / stride),
                    .taps = static_cast<Index>(taps)};
    if (taps > 0) {
      line.last = static_cast<Index>(last);
      line.windows.start = static_cast<Index>((at - last * dilation) / stride);
      line.windows.step = static_cast<Index>(dilation / common);
    }
    classes.push_back(line);
  }
  return classes;
}

/// A class of pixels.
struct ConvClass {
  PatchShape patches;
  Index first_y = 0, first_x = 0, last_y = 0, last_x = 0, step_y = 1, step_x = 1;
};

inline std::vector<ConvClass> classes_of(const ConvShape& s) {
  std::vector<ConvClass> classes;
  const auto rows = classes_of(s.height, s.out_height(), s.kernel_y, s.stride_y, s.pad_y, s.dilation_y);
  const auto columns = classes_of(s.width, s.out_width(), s.kernel_x, s.stride_x, s.pad_x, s.dilation_x);
  for (const ClassLine& y : rows)
    for (const ClassLine& x : columns)
      classes.push_back(
          {PatchShape(y.windows, x.windows, static_cast<Index>(s.filters), static_cast<Index>(s.filters / s.groups)),
           y.first, x.first, y.last, x.last, y.step, x.step});
  return classes;
}

/// What a class of pixels meets of a group's filters [filters, kernel_y, kernel_x, channels]: a line for each channel,
/// whose depth is the class' taps [row, column, filter].
struct ClassFilters {
  static constexpr bool kAlongDepth = false;
  using Line = Index;
  using Step = Index;
  using Value = float;

  const float* data;
  Index channels, kernel_y, kernel_x;
  Divisor row_of_taps, tap;
  Index elements, last_y, last_x, step_y, step_x;

  FEDSCAPE_HOST_DEVICE Line line(Index i) const { return i < channels ? i : kNone; }
  FEDSCAPE_HOST_DEVICE Step step(Index k) const {
    const Index row = row_of_taps.quotient(k), in_row = row_of_taps.rest(k, row);
    const Index column = tap.quotient(in_row), filter = tap.rest(in_row, column);
    const Index y = last_y - row * step_y, x = last_x - column * step_x;
    return k < elements ? ((filter * kernel_y + y) * kernel_x + x) * channels : kNone;
  }
  FEDSCAPE_HOST_DEVICE float value(Line line, Step step) const {
    return ((line | step) & kNone) == 0 ? data[line + step] : 0.0f;
  }

 private:
  static constexpr Index kNone = Index{1} << 31;
};

/// Gradients of a class of pixels, scattered over dx [samples, height, width, channels of all groups].
struct ClassTarget {
  static constexpr bool kSumsRows = false;
  float* dx;
  bool quads;
  Index rows, columns, pitch, height, width, first_y, first_x, stride_y, stride_x;
  Divisor windows, row_of_windows;

  FEDSCAPE_HOST_DEVICE Index place(Index i) const {
    const Index sample = windows.quotient(i), in_sample = windows.rest(i, sample);
    const Index row = row_of_windows.quotient(in_sample), column = row_of_windows.rest(in_sample, row);
    return ((sample * height + first_y + row * stride_y) * width + first_x + column * stride_x) * pitch;
  }
  FEDSCAPE_HOST_DEVICE void store(Index place, Index column, const Quad& sums) const {
    store_quad(dx + place, column, columns, quads, sums);
  }
  FEDSCAPE_HOST_DEVICE void store_one(Index place, Index column, float sum) const { dx[place + column] = sum; }
};

}  // namespace fedscape::kernels
