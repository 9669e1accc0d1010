#pragma once

#include "kernels/conv.hpp"
#include "kernels/divisor.hpp"
#include "kernels/product_operands.hpp"

/// The operands of a convolution seen as a product: what its windows cover, read where it lies in the maps. Coordinates
/// are numbers modulo 2^32, so that one comparison says whether a place lies within the map.
namespace fedscape::kernels {

/// Windows along one axis of a map: tap t of window p meets place p * stride + start + t * step.
struct WindowLine {
  Index size = 0;  // places
  Index windows = 0, taps = 0;
  Index stride = 1, start = 0, step = 1;
};

/// Maps [samples, rows.size, columns.size, pitch], of whose channels a group sees `channels`.
struct PatchShape {
  WindowLine rows, columns;
  Index pitch = 0, channels = 0;
  Divisor windows, row_of_windows;  // of a sample, and side by side
  Divisor row_of_taps, tap;         // elements of the depth

  PatchShape() = default;
  PatchShape(const WindowLine& rows_in, const WindowLine& columns_in, Index pitch_in, Index channels_in)
      : rows(rows_in),
        columns(columns_in),
        pitch(pitch_in),
        channels(channels_in),
        windows(std::max<std::int64_t>(1, std::int64_t{rows.windows} * columns.windows)),
        row_of_windows(std::max<std::int64_t>(1, columns.windows)),
        row_of_taps(std::max<std::int64_t>(1, std::int64_t{columns.taps} * channels)),
        tap(channels) {}
  FEDSCAPE_HOST_DEVICE Index elements() const { return rows.taps * columns.taps * channels; }
};

/// A window's or a tap's part of a place in the maps: the parts of both are added.
struct Point {
  Index offset, y, x;
};

struct Patches {
  PatchShape shape;
  const float* data;
  Index windows;  // of all samples

  FEDSCAPE_HOST_DEVICE Point window(Index i) const {
    const Index sample = shape.windows.quotient(i), in_sample = shape.windows.rest(i, sample);
    const Index row = shape.row_of_windows.quotient(in_sample);
    const Index column = shape.row_of_windows.rest(in_sample, row);
    const Index y = row * shape.rows.stride + shape.rows.start;
    const Index x = column * shape.columns.stride + shape.columns.start;
    const Index offset = ((sample * shape.rows.size + y) * shape.columns.size + x) * shape.pitch;
    return {offset, y, i < windows ? x : kNoWindow};
  }
  FEDSCAPE_HOST_DEVICE Point tap(Index k) const {
    const Index row = shape.row_of_taps.quotient(k), in_row = shape.row_of_taps.rest(k, row);
    const Index column = shape.tap.quotient(in_row), channel = shape.tap.rest(in_row, column);
    const Index y = row * shape.rows.step, x = column * shape.columns.step;
    return {(y * shape.columns.size + x) * shape.pitch + channel, y, k < shape.elements() ? x : kNoTap};
  }
  FEDSCAPE_HOST_DEVICE float at(const Point& window, const Point& tap) const {
    const bool inside = window.y + tap.y < shape.rows.size && window.x + tap.x < shape.columns.size;
    return inside ? data[window.offset + tap.offset] : 0.0f;
  }

 private:
  // Windows begin at -padding or later and taps lie within 2^31 of them: neither of these, nor both, meets a map.
  static constexpr Index kNoWindow = Index{1} << 31, kNoTap = kNoWindow - 1;
};

/// A line for each window, whose depth is the taps [row, column, channel].
struct WindowLines : Patches {
  static constexpr bool kAlongDepth = true;
  using Line = Point;
  using Step = Point;
  using Value = float;
  FEDSCAPE_HOST_DEVICE Line line(Index i) const { return window(i); }
  FEDSCAPE_HOST_DEVICE Step step(Index k) const { return tap(k); }
  FEDSCAPE_HOST_DEVICE float value(const Line& line, const Step& step) const { return at(line, step); }
};

/// A line for each tap, whose depth is the windows.
struct TapLines : Patches {
  static constexpr bool kAlongDepth = false;
  using Line = Point;
  using Step = Point;
  using Value = float;
  FEDSCAPE_HOST_DEVICE Line line(Index i) const { return tap(i); }
  FEDSCAPE_HOST_DEVICE Step step(Index k) const { return window(k); }
  FEDSCAPE_HOST_DEVICE float value(const Line& line, const Step& step) const { return at(step, line); }
};

/// What the filters see, for outputs and gradients by weights.
inline PatchShape patches_of(const ConvShape& s) {
  const auto line = [](int size, int windows, int taps, int stride, int pad, int dilation) {
    return WindowLine{static_cast<Index>(size),   static_cast<Index>(windows), static_cast<Index>(taps),
                      static_cast<Index>(stride), static_cast<Index>(-pad),    static_cast<Index>(dilation)};
  };
  return {line(s.height, s.out_height(), s.kernel_y, s.stride_y, s.pad_y, s.dilation_y),
          line(s.width, s.out_width(), s.kernel_x, s.stride_x, s.pad_x, s.dilation_x), static_cast<Index>(s.channels),
          static_cast<Index>(s.channels / s.groups)};
}

}  // namespace fedscape::kernels
