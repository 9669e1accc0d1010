#pragma once

#include <cstdint>

#include "kernels/cpu/tiles.hpp"

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

}  // namespace fedscape::kernels
