#include "kernels/cpu/winograd.hpp"

#include <algorithm>

#include "fedscape/tensor/tensor.hpp"
#include "kernels/cpu/winograd_transform.hpp"

namespace fedscape::kernels::winograd {

namespace {

constexpr int kSquare = kPoints * kPoints;
constexpr std::int64_t kManyFloats = 1 << 20;  // more than the second-level cache holds
constexpr int kRows = 8;                       // rows of a product that are summed in registers at once

/// A map and its tiles of 4x4 outputs. `from` is what is read in squares of 6x6, `to` what is written in 4x4.
struct Tiling {
  int height, width, channels, pad_y, pad_x, out_height, out_width;

  int across() const { return (out_width + kOutputs - 1) / kOutputs; }
  int per_sample() const { return (out_height + kOutputs - 1) / kOutputs * across(); }
  struct Place {
    std::int64_t sample;
    int y, x;  // the first output
  };
  Place place(std::int64_t tile) const {
    const int rest = static_cast<int>(tile % per_sample());
    return {tile / per_sample(), rest / across() * kOutputs, rest % across() * kOutputs};
  }
};

Tiling forward_tiling(const ConvShape& s) {
  return {s.height, s.width, s.channels, s.pad_y, s.pad_x, s.out_height(), s.out_width()};
}
/// The data gradient is a convolution of dy with the filters turned round.
Tiling backward_tiling(const ConvShape& s) {
  return {s.out_height(), s.out_width(), s.filters, kTaps - 1 - s.pad_y, kTaps - 1 - s.pad_x, s.height, s.width};
}

/// How far apart the planes of the 36 points lie that hold `floats` each: an odd number of registers, or all of them
/// would fall on the same few sets of the caches.
std::int64_t plane_stride(std::int64_t floats) { return (floats / kWide | 1) * kWide; }

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

/// The squares of 4x4 output gradients of tiles first..first+n-1, at the points.
void transform_gradients(const Tiling& t, int filters, const float* dy, std::int64_t first, int n, float* copy,
                         const Planes& z) {
  for (int i = 0; i < n; ++i) {
    const Tiling::Place place = t.place(first + i);
    const float* const map = dy + place.sample * t.out_height * t.out_width * filters;
    const Window<kOutputs> window(map, t.out_height, t.out_width, filters, place.y, place.x, copy);
    const std::int64_t row = window.row, column = window.column, stride = z.stride;
    for (std::int64_t c = 0; c < z.channels; c += kWide) {
      const float* const from = window.at + c;
      float* const to = z.plane(0) + i * z.channels + c;
      transform_square<kOutputs, kPoints>(
          output_gradient_line, [=](int y, int x) { return load<Wide>(from + y * row + x * column); },
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
void transform_outputs(const Tiling& t, int filters, const Planes& m, std::int64_t first, int n, const Finish& finish,
                       float* y) {
  for (int i = 0; i < n; ++i) {
    const Tiling::Place place = t.place(first + i);
    const int rows = std::min(kOutputs, t.out_height - place.y), columns = std::min(kOutputs, t.out_width - place.x);
    const std::int64_t corner = ((place.sample * t.out_height + place.y) * t.out_width + place.x) * filters;
    for (std::int64_t c = 0; c < m.channels; c += kWide) {
      const float* const from = m.plane(0) + i * m.channels + c;
      const int lanes = static_cast<int>(std::min<std::int64_t>(kWide, filters - c));
      const std::int64_t stride = m.stride;
      transform_square<kPoints, kOutputs>(
          output_line, [=](int y_, int x) { return load<Wide>(from + (y_ * kPoints + x) * stride); },
          [&](int y_, int x, const Wide& value) {
            if (y_ >= rows || x >= columns) return;
            finish_pixel(finish, value, corner + (y_ * std::int64_t{t.out_width} + x) * filters + c, c, lanes, y);
          });
    }
  }
}

/// c [kRows, N registers] = or += sum over d < depth of a(row, d) b(d, .); a(row, d) = a[row * a_row + d * a_step].
template <int N>
void multiply_block(std::int64_t depth, const float* a, std::int64_t a_row, std::int64_t a_step, const float* b,
                    std::int64_t b_step, bool add, float* c, std::int64_t c_row) {
  Wide sum[kRows][N];
  for (int r = 0; r < kRows; ++r)
    for (int n = 0; n < N; ++n) sum[r][n] = add ? load<Wide>(c + r * c_row + n * kWide) : Wide{};
  for (std::int64_t d = 0; d < depth; ++d, a += a_step, b += b_step) {
    Wide right[N];
    for (int n = 0; n < N; ++n) right[n] = load<Wide>(b + n * kWide);
    for (int r = 0; r < kRows; ++r)
      for (int n = 0; n < N; ++n) sum[r][n] += a[r * a_row] * right[n];
  }
  for (int r = 0; r < kRows; ++r)
    for (int n = 0; n < N; ++n) store(c + r * c_row + n * kWide, sum[r][n]);
}

/// c [rows, columns] = or += a b, rows a multiple of kRows, columns one of kWide.
void multiply(std::int64_t rows, std::int64_t columns, std::int64_t depth, const float* a, std::int64_t a_row,
              std::int64_t a_step, const float* b, std::int64_t b_step, bool add, float* c, std::int64_t c_row) {
  for (std::int64_t r = 0; r < rows; r += kRows) {
    std::int64_t k = 0;
    for (; k + 2 * kWide <= columns; k += 2 * kWide)
      multiply_block<2>(depth, a + r * a_row, a_row, a_step, b + k, b_step, add, c + r * c_row + k, c_row);
    for (; k < columns; k += kWide)
      multiply_block<1>(depth, a + r * a_row, a_row, a_step, b + k, b_step, add, c + r * c_row + k, c_row);
  }
}

/// y = the convolution of x by packed filters [36, from, to].
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
    const int rows = (n + kRows - 1) / kRows * kRows;
    transform_inputs(t, x, first, n, copy.data(), v);
    for (int e = 0; e < kSquare; ++e) {
      std::fill(v.plane(e) + n * from, v.plane(e) + rows * from, 0.0f);
      multiply(rows, to, from, v.plane(e), from, 1, packed + e * plane_stride(from * to), to, false, m.plane(e), to);
    }
    transform_outputs(t, filters, m, first, n, finish, y);
  }
}

}  // namespace

bool serves(const ConvShape& s) {
  if (s.kernel_y != kTaps || s.kernel_x != kTaps || s.stride_y != 1 || s.stride_x != 1 || s.dilation_y != 1 ||
      s.dilation_x != 1 || s.groups != 1 || s.pad_y >= kTaps || s.pad_x >= kTaps)
    return false;
  const double direct = 9.0 * s.out_height() * s.out_width() * s.channels * s.filters;
  const double here = 1.0 * kSquare * forward_tiling(s).per_sample() * static_cast<double>(round_to_wide(s.channels)) *
                      static_cast<double>(round_to_wide(s.filters));
  const bool reuses_filters = packed_size(s) <= kManyFloats || forward_tiling(s).per_sample() >= 4;
  return reuses_filters && here * 2 <= direct;
}

std::int64_t packed_size(const ConvShape& s) {
  return kSquare * plane_stride(round_to_wide(s.channels) * round_to_wide(s.filters));
}

/// Lane l of a register is filter k + l. The taps of a block of filters and channels are first copied close together.
void pack(const ConvShape& s, const float* w, float* packed) {
  constexpr int kAll = kTaps * kTaps;
  const std::int64_t from = round_to_wide(s.channels), to = round_to_wide(s.filters), stride = plane_stride(from * to);
  float block[kWide][kAll][kWide];
  std::memset(block, 0, sizeof block);
  std::fill_n(packed, packed_size(s), 0.0f);
  for (std::int64_t k = 0; k < s.filters; k += kWide)
    for (std::int64_t c = 0; c < s.channels; c += kWide) {
      const std::int64_t lanes = std::min<std::int64_t>(kWide, s.filters - k);
      const std::int64_t columns = std::min<std::int64_t>(kWide, s.channels - c);
      for (std::int64_t lane = 0; lane < kWide; ++lane)
        for (int tap = 0; tap < kAll; ++tap)
          if (lane < lanes)
            std::copy_n(w + ((k + lane) * kAll + tap) * s.channels + c, columns, block[lane][tap]);
          else
            std::fill_n(block[lane][tap], columns, 0.0f);
      for (std::int64_t column = 0; column < columns; ++column)
        transform_square<kTaps, kPoints>(
            filter_line,
            [=](int y, int x) {
              Wide taps;
              for (int lane = 0; lane < kWide; ++lane) taps[lane] = block[lane][y * kTaps + x][column];
              return taps;
            },
            [=](int y, int x, const Wide& value) {
              store(packed + (y * kPoints + x) * stride + (c + column) * to + k, value);
            });
    }
}

/// Lane l of a register is channel c + l; taps are read backwards.
void pack_backward(const ConvShape& s, const float* w, float* packed) {
  const std::int64_t from = round_to_wide(s.filters), to = round_to_wide(s.channels);
  std::fill_n(packed, packed_size(s), 0.0f);
  for (std::int64_t k = 0; k < s.filters; ++k)
    for (std::int64_t c = 0; c < s.channels; c += kWide) {
      const std::size_t bytes = static_cast<std::size_t>(std::min<std::int64_t>(kWide, s.channels - c)) * sizeof(float);
      const float* const last = w + (k * kTaps * kTaps + kTaps * kTaps - 1) * s.channels + c;
      transform_square<kTaps, kPoints>(
          filter_line,
          [=](int y, int x) {
            Wide taps{};
            std::memcpy(&taps, last - (y * kTaps + x) * std::int64_t{s.channels}, bytes);
            return taps;
          },
          [=](int y, int x, const Wide& value) {
            store(packed + (y * kPoints + x) * plane_stride(from * to) + k * to + c, value);
          });
    }
}

void forward(Stream& stream, const ConvShape& s, int count, const float* x, const float* packed, const float* bias,
             const float* residual, bool relu, float* y) {
  const ArenaScope scope(stream);
  const Tensor<float> whole(stream, {round_to_wide(s.filters)});
  if (bias) std::fill(std::copy_n(bias, s.filters, whole.data()), whole.data() + whole.size(), 0.0f);
  convolve(stream, forward_tiling(s), count, s.filters, x, packed, {bias ? whole.data() : nullptr, residual, relu}, y);
}

void backward_data(Stream& stream, const ConvShape& s, int count, const float* dy, const float* packed, float* dx) {
  convolve(stream, backward_tiling(s), count, s.channels, dy, packed, {nullptr, nullptr, false}, dx);
}

void backward_weights(Stream& stream, const ConvShape& s, int count, const float* x, const float* dy, float* dw) {
  const ArenaScope scope(stream);
  const Tiling t = forward_tiling(s);
  const std::int64_t channels = round_to_wide(s.channels), filters = round_to_wide(s.filters);
  const Planes v(stream, kManyTiles, channels), z(stream, kManyTiles, filters);
  const Tensor<float> copy(stream, {kSquare * std::max(channels, filters)}),
      sums(stream, {kSquare, plane_stride(filters * channels)});
  const std::int64_t tiles = std::int64_t{count} * t.per_sample();
  for (std::int64_t first = 0; first < tiles; first += kManyTiles) {
    const int n = static_cast<int>(std::min<std::int64_t>(kManyTiles, tiles - first));
    transform_inputs(t, x, first, n, copy.data(), v);
    transform_gradients(t, s.filters, dy, first, n, copy.data(), z);
    for (int e = 0; e < kSquare; ++e)
      multiply(filters, channels, n, z.plane(e), 1, filters, v.plane(e), channels, first > 0,
               sums.data() + e * plane_stride(filters * channels), channels);
  }
  for (std::int64_t k = 0; k < s.filters; ++k)
    for (std::int64_t c = 0; c < s.channels; c += kWide) {
      const std::size_t bytes = static_cast<std::size_t>(std::min<std::int64_t>(kWide, s.channels - c)) * sizeof(float);
      const float* const from = sums.data() + k * channels + c;
      float* const to = dw + k * kTaps * kTaps * s.channels + c;
      transform_square<kPoints, kTaps>(
          filter_gradient_line,
          [=](int y, int x_) { return load<Wide>(from + (y * kPoints + x_) * plane_stride(filters * channels)); },
          [=](int y, int x_, const Wide& value) {
            std::memcpy(to + (y * kTaps + x_) * std::int64_t{s.channels}, &value, bytes);
          });
    }
}

}  // namespace fedscape::kernels::winograd
