#include "kernels/cpu/winograd_filters.hpp"

#include <algorithm>

#include "kernels/cpu/winograd.hpp"
#include "kernels/cpu/winograd_transform.hpp"

namespace fedscape::kernels::winograd {

namespace {

std::size_t bytes_of_lanes(std::int64_t channels, std::int64_t first) {
  return static_cast<std::size_t>(std::min<std::int64_t>(kWide, channels - first)) * sizeof(float);
}

/// The taps of a block of filters k.. and channels c.. close together; what lies outside is 0.
template <int All>
void copy_block(const ConvShape& s, const float* w, std::int64_t k, std::int64_t c, float (&block)[kWide][All][kWide]) {
  for (std::int64_t lane = 0; lane < kWide; ++lane)
    for (int tap = 0; tap < All; ++tap) {
      Wide taps{};
      if (k + lane < s.filters)
        std::memcpy(&taps, w + ((k + lane) * All + tap) * s.channels + c, bytes_of_lanes(s.channels, c));
      store(block[lane][tap], taps);
    }
}

/// Lane l of a register is filter k + l.
template <int Taps>
void pack_filters(const ConvShape& s, const float* w, float* packed) {
  const std::int64_t from = round_to_wide(s.channels), to = round_to_wide(s.filters), stride = plane_stride(from * to);
  float block[kWide][Taps * Taps][kWide];
  const auto* const lanes = block;
  for (std::int64_t k = 0; k < to; k += kWide)
    for (std::int64_t c = 0; c < from; c += kWide) {
      copy_block(s, w, k, c, block);
      for (std::int64_t column = 0; column < kWide; ++column)
        transform_square<Taps, kPoints>(
            at_points<Filters, Taps>,
            [=](int y, int x) {
              Wide taps;
              for (int lane = 0; lane < kWide; ++lane) taps[lane] = lanes[lane][y * Taps + x][column];
              return taps;
            },
            [=](int y, int x, const Wide& value) {
              store(packed + (y * kPoints + x) * stride + (c + column) * to + k, value);
            });
    }
}

/// Lane l of a register is channel c + l; taps are read backwards.
template <int Taps>
void pack_turned_filters(const ConvShape& s, const float* w, float* packed) {
  const std::int64_t from = round_to_wide(s.filters), to = round_to_wide(s.channels), stride = plane_stride(from * to);
  for (std::int64_t k = 0; k < from; ++k)
    for (std::int64_t c = 0; c < to; c += kWide) {
      const std::size_t bytes = k < s.filters ? bytes_of_lanes(s.channels, c) : 0;
      const float* const last = w + (k * Taps * Taps + Taps * Taps - 1) * s.channels + c;
      transform_square<Taps, kPoints>(
          at_points<Filters, Taps>,
          [=](int y, int x) {
            Wide taps{};
            if (bytes > 0) std::memcpy(&taps, last - (y * Taps + x) * std::int64_t{s.channels}, bytes);
            return taps;
          },
          [=](int y, int x, const Wide& value) { store(packed + (y * kPoints + x) * stride + k * to + c, value); });
    }
}

template <int Taps>
void gradients_from_points(const ConvShape& s, const float* sums, float* dw) {
  const std::int64_t channels = round_to_wide(s.channels), stride = plane_stride(round_to_wide(s.filters) * channels);
  for (std::int64_t k = 0; k < s.filters; ++k)
    for (std::int64_t c = 0; c < s.channels; c += kWide) {
      const std::size_t bytes = bytes_of_lanes(s.channels, c);
      const float* const from = sums + k * channels + c;
      float* const to = dw + k * Taps * Taps * s.channels + c;
      transform_square<kPoints, Taps>(
          from_points<Filters, Taps>, [=](int y, int x) { return load<Wide>(from + (y * kPoints + x) * stride); },
          [=](int y, int x, const Wide& value) {
            std::memcpy(to + (y * Taps + x) * std::int64_t{s.channels}, &value, bytes);
          });
    }
}

}  // namespace

std::int64_t packed_size(const ConvShape& s) {
  return kSquare * plane_stride(round_to_wide(s.channels) * round_to_wide(s.filters));
}

void pack(const ConvShape& s, const float* w, float* packed) {
  with_taps(s, [&](auto taps) { pack_filters<taps()>(s, w, packed); });
}
void pack_backward(const ConvShape& s, const float* w, float* packed) {
  with_taps(s, [&](auto taps) { pack_turned_filters<taps()>(s, w, packed); });
}
void unpack_gradients(const ConvShape& s, const float* sums, float* dw) {
  with_taps(s, [&](auto taps) { gradients_from_points<taps()>(s, sums, dw); });
}

}  // namespace fedscape::kernels::winograd
