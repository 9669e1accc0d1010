#include <algorithm>

#include "fedscape/device/team.hpp"
#include "kernels/cpu/pool_halving.hpp"
#include "kernels/pool_windows.hpp"

namespace fedscape::kernels {

namespace {

constexpr std::int64_t kLeast = 4;  // samples that a thread takes at least

/// Calls f(out, y, x) for every window of a sample; `out` is the offset of its output, y and x are its Spans.
template <class F>
void for_each_window(const Windows& windows, F&& f) {
  std::int64_t out = 0;
  for (int oy = 0; oy < windows.rows.out; ++oy) {
    const Span y = windows.rows.window(oy);
    for (int ox = 0; ox < windows.columns.out; ++ox, out += windows.channels) f(out, y, windows.columns.window(ox));
  }
}

/// Calls f(pixel) with the offset of every pixel of a window, in row order.
template <class F>
void for_each_pixel(const Windows& windows, const Span& y, const Span& x, F&& f) {
  for (int iy = y.begin; iy < y.end; ++iy)
    for (int ix = x.begin; ix < x.end; ++ix) f((std::int64_t{iy} * windows.columns.size + ix) * windows.channels);
}

/// Calls f(m, in, out) for each real sample: the offsets of its maps in row m. The stream's team shares them.
template <class F>
void for_each_sample(Stream& stream, const Windows& windows, const Batch& batch, F&& f) {
  for (int m = 0; m < batch.models; ++m)
    share_range(stream, batch.count(m), kLeast, [&](Stream&, std::int64_t begin, std::int64_t end) {
      for (std::int64_t b = begin; b < end; ++b) f(m, b * windows.in_sample(), b * windows.out_sample());
    });
}

void average_forward(Stream& stream, const Windows& windows, const Batch& batch, Slot<const float> x, Slot<float> y) {
  const bool halving = is_halving(windows);
  for_each_sample(stream, windows, batch, [&](int m, std::int64_t in, std::int64_t out) {
    const float* const from = x.row(m) + in;
    float* const to = y.row(m) + out;
    if (halving) return halve_by_average(windows, from, to);
    for_each_window(windows, [&](std::int64_t at, const Span& rows, const Span& columns) {
      const float share = 1.0f / static_cast<float>(rows.counted * columns.counted);
      for_each_tile(windows.channels, [&](auto tile, int c) {
        using V = decltype(tile);
        V sum{};
        for_each_pixel(windows, rows, columns, [&](std::int64_t pixel) { sum += load<V>(from + pixel + c); });
        store<V>(to + at + c, sum * share);
      });
    });
  });
}

void average_backward(Stream& stream, const Windows& windows, const Batch& batch, Slot<const float> dy,
                      Slot<float> dx) {
  const bool halving = is_halving(windows);
  for_each_sample(stream, windows, batch, [&](int m, std::int64_t in, std::int64_t out) {
    const float* const from = dy.row(m) + out;
    float* const to = dx.row(m) + in;
    if (halving) return halve_by_average_backward(windows, from, to);
    std::fill_n(to, windows.in_sample(), 0.0f);
    for_each_window(windows, [&](std::int64_t at, const Span& rows, const Span& columns) {
      const float share = 1.0f / static_cast<float>(rows.counted * columns.counted);
      for_each_tile(windows.channels, [&](auto tile, int c) {
        using V = decltype(tile);
        const V part = load<V>(from + at + c) * share;
        for_each_pixel(windows, rows, columns,
                       [&](std::int64_t pixel) { store<V>(to + pixel + c, load<V>(to + pixel + c) + part); });
      });
    });
  });
}

}  // namespace

void max_pool_forward(Cpu, Stream& stream, const PoolShape& shape, const Batch& batch, Slot<const float> x,
                      Slot<float> y) {
  const Windows windows = windows_of(shape);
  const bool halving = is_halving(windows);
  for_each_sample(stream, windows, batch, [&](int m, std::int64_t in, std::int64_t out) {
    const float* const from = x.row(m) + in;
    float* const to = y.row(m) + out;
    if (halving) return halve_by_maximum(windows, from, to);
    for_each_window(windows, [&](std::int64_t at, const Span& rows, const Span& columns) {
      const std::int64_t first = (std::int64_t{rows.begin} * shape.width + columns.begin) * shape.channels;
      for_each_tile(shape.channels, [&](auto tile, int c) {
        using V = decltype(tile);
        V largest = load<V>(from + first + c);
        for_each_pixel(windows, rows, columns,
                       [&](std::int64_t pixel) { largest = larger(largest, load<V>(from + pixel + c)); });
        store<V>(to + at + c, largest);
      });
    });
  });
}

void max_pool_backward(Cpu, Stream& stream, const PoolShape& shape, const Batch& batch, Slot<const float> x,
                       Slot<const float> y, Slot<const float> dy, Slot<float> dx) {
  const Windows windows = windows_of(shape);
  const bool halving = is_halving(windows);
  for_each_sample(stream, windows, batch, [&](int m, std::int64_t in, std::int64_t out) {
    const float *const from = x.row(m) + in, *const maximum = y.row(m) + out, *const gradient = dy.row(m) + out;
    float* const to = dx.row(m) + in;
    if (halving) return halve_by_maximum_backward(windows, from, maximum, gradient, to);
    std::fill_n(to, windows.in_sample(), 0.0f);
    for_each_window(windows, [&](std::int64_t at, const Span& rows, const Span& columns) {
      for_each_tile(shape.channels, [&](auto tile, int c) {
        using V = decltype(tile);
        const V none{}, largest = load<V>(maximum + at + c);
        V rest = load<V>(gradient + at + c);  // what no pixel of the window has taken yet
        for_each_pixel(windows, rows, columns, [&](std::int64_t pixel) {
          const auto takes = load<V>(from + pixel + c) == largest;
          store<V>(to + pixel + c, load<V>(to + pixel + c) + (takes ? rest : none));
          rest = takes ? none : rest;
        });
      });
    });
  });
}

void average_pool_forward(Cpu, Stream& stream, const PoolShape& shape, const Batch& batch, Slot<const float> x,
                          Slot<float> y) {
  average_forward(stream, windows_of(shape), batch, x, y);
}
void average_pool_backward(Cpu, Stream& stream, const PoolShape& shape, const Batch& batch, Slot<const float> dy,
                           Slot<float> dx) {
  average_backward(stream, windows_of(shape), batch, dy, dx);
}
void adaptive_pool_forward(Cpu, Stream& stream, const AdaptiveShape& shape, const Batch& batch, Slot<const float> x,
                           Slot<float> y) {
  average_forward(stream, windows_of(shape), batch, x, y);
}
void adaptive_pool_backward(Cpu, Stream& stream, const AdaptiveShape& shape, const Batch& batch, Slot<const float> dy,
                            Slot<float> dx) {
  average_backward(stream, windows_of(shape), batch, dy, dx);
}

}  // namespace fedscape::kernels
