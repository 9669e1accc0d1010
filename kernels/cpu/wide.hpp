#pragma once

#include <cstdint>
#include <cstring>

namespace fedscape::kernels {

#ifdef __AVX512F__
constexpr int kWide = 16;
#else
constexpr int kWide = 8;
#endif
/// As many floats as the widest register of this build holds.
using Wide = float __attribute__((vector_size(kWide * sizeof(float))));

/// The smallest multiple of kWide that is not below n.
constexpr std::int64_t round_to_wide(std::int64_t n) { return (n + kWide - 1) / kWide * kWide; }

/// A vector from memory of any alignment, and back.
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
