#pragma once

#include "kernels/cpu/wide.hpp"

/// Loops over the channels of one position, written once for vectors and for the rest that fills none.
namespace fedscape::kernels {

using Float8 = float __attribute__((vector_size(32)));
using Float4 = float __attribute__((vector_size(16)));

/// Calls f(V{}, c) for tiles of neighbouring channels that cover 0..channels-1, c being a tile's first channel: as many
/// Wide as fit, then Float8, Float4 and float. Which channel falls into which tile depends on `channels` alone.
template <class F>
void for_each_tile(int channels, F&& f) {
  int c = 0;
  for (; c + kWide <= channels; c += kWide) f(Wide{}, c);
  if constexpr (kWide > 8)
    for (; c + 8 <= channels; c += 8) f(Float8{}, c);
  for (; c + 4 <= channels; c += 4) f(Float4{}, c);
  for (; c < channels; ++c) f(float{}, c);
}

/// The same for an f that may see a channel twice, which saves most of the narrow tiles: vectors of one kind, the last
/// of which ends with the last channel.
template <class F>
void for_each_overlapping_tile(int channels, F&& f) {
  const auto cover = [&](auto tile) {
    constexpr int kLanes = sizeof(tile) / sizeof(float);
    for (int c = 0; c < channels; c += kLanes) f(tile, c + kLanes <= channels ? c : channels - kLanes);
  };
  if (channels >= kWide) return cover(Wide{});
  if (channels >= 8) return cover(Float8{});
  if (channels >= 4) return cover(Float4{});
  cover(float{});
}

}  // namespace fedscape::kernels
