#pragma once

#include <cstring>

/// Loops over the channels of one position, written once for vectors and for the rest that fills none.
namespace fedscape::kernels {

using Float8 = float __attribute__((vector_size(32)));
using Float4 = float __attribute__((vector_size(16)));

/// Calls f(V{}, c) for tiles of neighbouring channels that cover 0..channels-1, c being a tile's first channel: as many
/// Float8 as fit, then Float4, then float. Which channel falls into which tile depends on `channels` alone.
template <class F>
void for_each_tile(int channels, F&& f) {
  int c = 0;
  for (; c + 8 <= channels; c += 8) f(Float8{}, c);
  for (; c + 4 <= channels; c += 4) f(Float4{}, c);
  for (; c < channels; ++c) f(float{}, c);
}

/// A tile from memory of any alignment, and back.
template <class V, class T>
V load(const T* from) {
  V value;
  std::memcpy(&value, from, sizeof(V));
  return value;
}
template <class V, class T>
void store(T* to, const V& value) {
  std::memcpy(to, &value, sizeof(V));
}

}  // namespace fedscape::kernels
