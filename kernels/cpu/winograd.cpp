#include "kernels/cpu/winograd.hpp"

#include <algorithm>

#include "fedscape/tensor/tensor.hpp"
#include "kernels/cpu/register_gemm.hpp"
#include "kernels/cpu/winograd_filters.hpp"
#include "kernels/cpu/winograd_transform.hpp"

namespace fedscape::kernels::winograd {

namespace {

constexpr std::int64_t kManyFloats = 1 << 20;  // more than the second-level cache holds

/// A map, of which squares of 6x6 are read, and its outputs in tiles of `side` x `side`.
struct Tiling {
  int side, height, width, channels, pad_y, pad_x, out_height, out_width;

  int across() const { return (out_width + side - 1) / side; }
  int per_sample() const { return (out_height + side - 1) / side * across(); }
  struct Place {
    std::int64_t sample;
    int y, x;  // the first output
  };
  Place place(std::int64_t tile) const {
    const int rest = static_cast<int>(tile % per_sample());
    return {tile / per_sample(), rest / across() * side, rest % across() * side};
  }
};

Tiling forward_tiling(const ConvShape& s) {
  return {outputs_for(s.kernel_x), s.height, s.width, s.channels, s.pad_y, s.pad_x, s.out_height(), s.out_width()};
}
/// The data gradient is a convolution of dy with the filters turned round.
Tiling backward_tiling(const ConvShape& s) {
  const int reach = s.kernel_x - 1;
  return {outputs_for(s.kernel_x), s.out_height(),  s.out_width(), s.filters,
          reach - s.pad_y,         reach - s.pad_x, s.height,      s.width};
}

/// Values of a group of tiles at the 36 points: [36, tiles, channels].
struct Planes {
  Planes(Stream& stream, int tiles, std::int64_t channels_in)
      : channels(channels_in), stride(plane_stride(tiles * channels)), memory(stream, {kSquare * stride}) {}
  float* plane(int e) const { return memory.data() + e * stride; }
  std::int64_t channels, stride;
  Tensor<float> memory;
};

/// Tiles that are worked on together. Few of them stay in the cache beside small filters; large filters are read from
/// memory for each group, and the sums of their gradients written as well, which pays for many tiles only.
constexpr int kFewTiles = 24, kManyTiles = 64;
/// Channels that are summed in one go: a long sum in pieces is more exact.
constexpr std::int64_t kDepth = 32;

/// A square of Side x Side pixels of a map as if zeros lay around it, channels rounded up to whole registers: `at` may
/// be within the map, or be a copy.
template <int Side>
struct Window {
  const float* at;
  std::int64_t row, column;

  Window(const float* map, int height, int width, int channels, int y0, int x0, float* copy) {
    if (y0 >= 0 && x0 >= 0 && y0 + Side <= height && x0 + Side <= width && channels % kWide == 0) {
      row = std::int64_t{width} * channels, column = channels;
      at = map + y0 * row + x0 * column;
      return;
    }
    column = round_to_wide(channels), row = Side * column;
    at = copy;
    std::fill_n(copy, Side * row, 0.0f);
    const int first = std::max(0, -x0), last = std::min(Side, width - x0);
    for (int i = std::max(0, -y0); i < std::min(Side, height - y0); ++i) {
      const float* from = map + ((y0 + i) * std::int64_t{width} + x0 + first) * channels;
      float* to = copy + i * row + first * column;
      if (column == channels)
        std::copy_n(from, (last - first) * column, to);
      else
        for (int j = first; j < last; ++j, from += channels, to += column) std::copy_n(from, channels, to);
    }
  }
};

/// The squares of 6x6 inputs of tiles first..first+n-1, at the points.
void transform_inputs(const Tiling& t, const float* x, std::int64_t first, int n, float* copy, const Planes& v) {
  for (int i = 0; i < n; ++i) {
    const Tiling::Place place = t.place(first + i);
    const float* const map = x + place.sample * t.height * t.width * t.channels;
    const Window<kPoints> window(map, t.height, t.width, t.channels, place.y - t.pad_y, place.x - t.pad_x, copy);
    const std::int64_t row = window.row, column = window.column, stride = v.stride;
    for (std::int64_t c = 0; c < v.channels; c += kWide) {
      const float* const from = window.at + c;
      float* const to = v.plane(0) + i * v.channels + c;
      transform_square<kPoints, kPoints>(
          input_line, [=](int y, int x_) { return load<Wide>(from + y * row + x_ * column); },
          [=](int y, int x_, const Wide& value) { store(to + (y * kPoints + x_) * stride, value); });
    }
  }
}

/// The squares of output gradients of tiles first..first+n-1, at the points.
template <int Taps>
void transform_gradients(const Tiling& t, int filters, const float* dy, std::int64_t first, int n, float* copy,
                         const Planes& z) {
  for (int i = 0; i < n; ++i) {
    const Tiling::Place place = t.place(first + i);
    const float* const map = dy + place.sample * t.out_height * t.out_width * filters;
    const Window<outputs_for(Taps)> window(map, t.out_height, t.out_width, filters, place.y, place.x, copy);
    const std::int64_t row = window.row, column = window.column, stride = z.stride;
    for (std::int64_t c = 0; c < z.channels; c += kWide) {
      const float* const from = window.at + c;
      float* const to = z.plane(0) + i * z.channels + c;
      transform_square<outputs_for(Taps), kPoints>(
          at_points<Values, outputs_for(Taps)>, [=](int y, int x) { return load<Wide>(from + y * row + x * column); },
          [=](int y, int x, const Wide& value) { store(to + (y * kPoints + x) * stride, value); });
    }
  }
}

/// What is done to the outputs: y = max(0, y + bias + residual).
struct Finish {
  const float *bias, *residual;  // bias: of whole registers, or null
  bool relu;
};

void finish_pixel(const Finish& finish, const Wide& value, std::int64_t at, std::int64_t c, int lanes, float* y) {
  Wide sum = value;
  if (finish.bias) sum += load<Wide>(finish.bias + c);
  if (lanes == kWide) {
    if (finish.residual) sum += load<Wide>(finish.residual + at);
    if (finish.relu) sum = sum < 0 ? Wide{} : sum;
    return store(y + at, sum);
  }
  for (int lane = 0; lane < lanes; ++lane) {
    const float one = sum[lane] + (finish.residual ? finish.residual[at + lane] : 0.0f);
    y[at + lane] = finish.relu && one < 0 ? 0.0f : one;
  }
}

/// The outputs of tiles first..first+n-1 from their products at the points.
template <int Taps>
void transform_outputs(const Tiling& t, int filters, const Planes& m, std::int64_t first, int n, const Finish& finish,
                       float* y) {
  for (int i = 0; i < n; ++i) {
    const Tiling::Place place = t.place(first + i);
    const int rows = std::min(t.side, t.out_height - place.y), columns = std::min(t.side, t.out_width - place.x);
    const std::int64_t corner = ((place.sample * t.out_height + place.y) * t.out_width + place.x) * filters;
    for (std::int64_t c = 0; c < m.channels; c += kWide) {
      const float* const from = m.plane(0) + i * m.channels + c;
      const int lanes = static_cast<int>(std::min<std::int64_t>(kWide, filters - c));
      const std::int64_t stride = m.stride;
      transform_square<kPoints, outputs_for(Taps)>(
          from_points<Values, outputs_for(Taps)>,
          [=](int y_, int x) { return load<Wide>(from + (y_ * kPoints + x) * stride); },
          [&](int y_, int x, const Wide& value) {
            if (y_ >= rows || x >= columns) return;
            finish_pixel(finish, value, corner + (y_ * std::int64_t{t.out_width} + x) * filters + c, c, lanes, y);
          });
    }
  }
}

/// y = the convolution of x by packed filters [36, from, to].
template <int Taps>
void convolve(Stream& stream, const Tiling& t, int count, int filters, const float* x, const float* packed,
              const Finish& finish, float* y) {
  const ArenaScope scope(stream);
  const std::int64_t from = round_to_wide(t.channels), to = round_to_wide(filters);
  const int group = kSquare * from * to > kManyFloats ? kManyTiles : kFewTiles;
  const Planes v(stream, group, from), m(stream, group, to);
  const Tensor<float> copy(stream, {kSquare * from});
  const std::int64_t tiles = std::int64_t{count} * t.per_sample();
  for (std::int64_t first = 0; first < tiles; first += group) {
    const int n = static_cast<int>(std::min<std::int64_t>(group, tiles - first));
    transform_inputs(t, x, first, n, copy.data(), v);
    for (int e = 0; e < kSquare; ++e)
      for (std::int64_t c = 0; c < from; c += kDepth)
        multiply_in_registers<Wide>(n, to, {v.plane(e) + c, from, 1, std::min(kDepth, from - c)},
                                    {packed + e * plane_stride(from * to) + c * to, to},
                                    {c > 0 ? m.plane(e) : nullptr, to}, m.plane(e), to);
    transform_outputs<Taps>(t, filters, m, first, n, finish, y);
  }
}

/// Whether tiles of `t` save at least half of the multiplications, and filters that fit no cache serve some tiles each.
bool gains(const ConvShape& s, const Tiling& t) {
  const int taps = s.kernel_x;
  if ((taps != 3 && taps != 5) || s.kernel_y != taps || s.stride_y != 1 || s.stride_x != 1 || s.dilation_y != 1 ||
      s.dilation_x != 1 || s.groups != 1 || s.pad_y >= taps || s.pad_x >= taps)
    return false;
  const double direct = 1.0 * taps * taps * s.out_height() * s.out_width() * s.channels * s.filters;
  const double here = 1.0 * kSquare * t.per_sample() * static_cast<double>(round_to_wide(s.channels)) *
                      static_cast<double>(round_to_wide(s.filters));
  return here * 2 <= direct && (packed_size(s) <= kManyFloats || t.per_sample() >= 4);
}

}  // namespace

bool serves(const ConvShape& s) { return gains(s, forward_tiling(s)); }
bool serves_backward_data(const ConvShape& s) { return gains(s, backward_tiling(s)); }

void forward(Stream& stream, const ConvShape& s, int count, const float* x, const float* packed, const float* bias,
             const float* residual, bool relu, float* y) {
  const ArenaScope scope(stream);
  const Tensor<float> whole(stream, {round_to_wide(s.filters)});
  if (bias) std::fill(std::copy_n(bias, s.filters, whole.data()), whole.data() + whole.size(), 0.0f);
  const Finish finish{bias ? whole.data() : nullptr, residual, relu};
  with_taps(s, [&](auto taps) { convolve<taps()>(stream, forward_tiling(s), count, s.filters, x, packed, finish, y); });
}

void backward_data(Stream& stream, const ConvShape& s, int count, const float* dy, const float* packed, float* dx) {
  const Finish plain{nullptr, nullptr, false};
  with_taps(s,
            [&](auto taps) { convolve<taps()>(stream, backward_tiling(s), count, s.channels, dy, packed, plain, dx); });
}

void backward_weights(Stream& stream, const ConvShape& s, int count, const float* x, const float* dy, float* dw) {
  const ArenaScope scope(stream);
  const Tiling t = forward_tiling(s);
  const std::int64_t channels = round_to_wide(s.channels), filters = round_to_wide(s.filters);
  const Planes v(stream, kManyTiles, channels), z(stream, kManyTiles, filters),
      sums(stream, static_cast<int>(filters), channels);
  const Tensor<float> copy(stream, {kSquare * std::max(channels, filters)});
  const std::int64_t tiles = std::int64_t{count} * t.per_sample();
  for (std::int64_t first = 0; first < tiles; first += kManyTiles) {
    const int n = static_cast<int>(std::min<std::int64_t>(kManyTiles, tiles - first));
    transform_inputs(t, x, first, n, copy.data(), v);
    with_taps(s, [&](auto taps) { transform_gradients<taps()>(t, s.filters, dy, first, n, copy.data(), z); });
    for (int e = 0; e < kSquare; ++e) {
      const Addend before{first > 0 ? sums.plane(e) : nullptr, channels};
      multiply_in_registers<Wide>(filters, channels, {z.plane(e), 1, filters, n}, {v.plane(e), channels}, before,
                                  sums.plane(e), channels);
    }
  }
  unpack_gradients(s, sums.plane(0), dw);
}

}  // namespace fedscape::kernels::winograd
