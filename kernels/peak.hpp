#pragma once

#include <cstdint>

#include "kernels/backend.hpp"

namespace fedscape::kernels {

#if defined(__AVX512F__)
inline constexpr int kVectorFloats = 16;
#elif defined(__AVX__)
inline constexpr int kVectorFloats = 8;
#else
inline constexpr int kVectorFloats = 4;
#endif
/// Chains of multiply-adds that do not wait for each other: two units of four or five cycles keep ten under way, and 12
/// leave registers for the factors where there are 16.
inline constexpr int kChains = 12;
inline constexpr std::int64_t kFlopsPerRound = 2 * kChains * kVectorFloats;

/// Does `rounds` multiply-adds in each lane of each chain, starting at `value`, towards 1; returns where one ended.
FEDSCAPE_KERNEL(float, multiply_adds, std::int64_t rounds, float value);

}  // namespace fedscape::kernels
