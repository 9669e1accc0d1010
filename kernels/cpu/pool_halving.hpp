#pragma once

#include <algorithm>
#include <array>

#include "kernels/cpu/tiles.hpp"
#include "kernels/pool_windows.hpp"

/// The pooling of one sample by windows of 2x2 pixels side by side: the bits of the loops for any windows, at several
/// times their speed.
namespace fedscape::kernels {

/// Whether the windows are 2x2 pixels side by side, as in nearly every network: each has all its pixels, and no pixel
/// is in two.
inline bool is_halving(const Windows& windows) {
  const auto halves = [](const WindowAxis& axis) {
    return !axis.adaptive && axis.kernel == 2 && axis.stride == 2 && axis.pad == 0 && 2 * axis.out <= axis.size;
  };
  return halves(windows.rows) && halves(windows.columns);
}

/// Calls f(V{}, in, out) for tiles of channels of each window of a halving sample: the offsets in the sample of a
/// tile's first pixel and of its output. Tiles overlap, and those of 5 to 7 channels reach into the next pixel where it
/// belongs to the same or a later window of the row: f writes a window's pixels in row order.
template <class F>
void for_each_quad(const Windows& windows, F&& f) {
  const int channels = windows.channels, last = windows.columns.out - 1;
  const bool reach = channels > 4 && channels < 8;
  std::int64_t out = 0;
  for (int oy = 0; oy < windows.rows.out; ++oy) {
    std::int64_t in = std::int64_t{2} * oy * windows.columns.size * channels;
    for (int ox = 0; ox <= last; ++ox, in += 2 * channels, out += channels) {
      if (reach && ox < last)
        f(Float8{}, in, out);
      else
        for_each_overlapping_tile(channels, [&](auto tile, int c) { f(tile, in + c, out + c); });
    }
  }
}

/// The offsets of a halving window's pixels from its first, in row order.
inline std::array<std::int64_t, 4> quad_of(const Windows& windows) {
  const std::int64_t right = windows.channels, down = windows.columns.size * right;
  return {0, right, down, down + right};
}

/// A last row or column that fills no window gets no gradient.
inline void clear_uncovered(const Windows& windows, float* dx) {
  if (windows.in_sample() != 4 * windows.out_sample()) std::fill_n(dx, windows.in_sample(), 0.0f);
}

template <class V>
V larger(const V& a, const V& b) {
  return ((b <= a) | (a != a)) ? a : b;  // the first of equals; NaN stays
}

inline void halve_by_maximum(const Windows& windows, const float* x, float* y) {
  const auto quad = quad_of(windows);
  for_each_quad(windows, [&](auto tile, std::int64_t in, std::int64_t out) {
    using V = decltype(tile);
    V largest = load<V>(x + in);
    for (int i = 1; i < 4; ++i) largest = larger(largest, load<V>(x + in + quad[i]));
    store<V>(y + out, largest);
  });
}

/// The first pixel that is the maximum takes the gradient.
inline void halve_by_maximum_backward(const Windows& windows, const float* x, const float* y, const float* dy,
                                      float* dx) {
  clear_uncovered(windows, dx);
  const auto quad = quad_of(windows);
  for_each_quad(windows, [&](auto tile, std::int64_t in, std::int64_t out) {
    using V = decltype(tile);
    const V none{}, largest = load<V>(y + out);
    V rest = load<V>(dy + out) + none;
    for (int i = 0; i < 4; ++i) {
      const auto takes = load<V>(x + in + quad[i]) == largest;
      store<V>(dx + in + quad[i], takes ? rest : none);
      rest = takes ? none : rest;
    }
  });
}

inline void halve_by_average(const Windows& windows, const float* x, float* y) {
  const auto quad = quad_of(windows);
  for_each_quad(windows, [&](auto tile, std::int64_t in, std::int64_t out) {
    using V = decltype(tile);
    V sum{};
    for (int i = 0; i < 4; ++i) sum += load<V>(x + in + quad[i]);
    store<V>(y + out, sum * 0.25f);
  });
}

inline void halve_by_average_backward(const Windows& windows, const float* dy, float* dx) {
  clear_uncovered(windows, dx);
  const auto quad = quad_of(windows);
  for_each_quad(windows, [&](auto tile, std::int64_t in, std::int64_t out) {
    using V = decltype(tile);
    const V part = load<V>(dy + out) * 0.25f + V{};
    for (int i = 0; i < 4; ++i) store<V>(dx + in + quad[i], part);
  });
}

}  // namespace fedscape::kernels
