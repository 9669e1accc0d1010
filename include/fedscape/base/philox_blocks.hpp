#pragma once

#include <cstring>
#include <type_traits>

#include "fedscape/base/rng.hpp"

/// Many random numbers of one stream, for host code: `philox` of neighbouring blocks side by side in vector registers.
namespace fedscape {

inline constexpr int kPhiloxBlocks = 8, kPhiloxWords = 4 * kPhiloxBlocks;
using RngBlocks = std::uint32_t[kPhiloxWords];

/// words[4 * i + j] = word j of block `first` + i, the same bits as philox(key, first + i, ...)[j].
inline void philox_blocks(const RngKey& key, std::uint32_t first, RngBlocks& words) {
  // One block a lane, the counter's words in the lower halves of 64 bits, where they are multiplied.
  using Lanes = std::uint64_t __attribute__((vector_size(8 * kPhiloxBlocks)));
  constexpr std::uint64_t kLow = 0xffffffff;
  const Lanes index = {0, 1, 2, 3, 4, 5, 6, 7}, zero{};
  Lanes a = zero + key.client, b = zero + key.round, d = (index + first) & kLow;
  Lanes c = zero + ((std::uint64_t{static_cast<std::uint32_t>(key.purpose)} << 24) | (key.step & 0xffffffu));
  std::uint32_t k = static_cast<std::uint32_t>(key.seed), l = static_cast<std::uint32_t>(key.seed >> 32);
  for (int round = 0; round < 10; ++round, k += PHILOX_W32_0, l += PHILOX_W32_1) {
    const Lanes left = a * std::uint64_t{PHILOX_M4x32_0}, right = c * std::uint64_t{PHILOX_M4x32_1};
    a = (right >> 32) ^ b ^ k;
    b = right & kLow;
    c = (left >> 32) ^ d ^ l;
    d = left & kLow;
  }
  const Lanes ab = a | b << 32, cd = c | d << 32;
  const Lanes low = __builtin_shufflevector(ab, cd, 0, 8, 1, 9, 2, 10, 3, 11);
  const Lanes high = __builtin_shufflevector(ab, cd, 4, 12, 5, 13, 6, 14, 7, 15);
  std::memcpy(words, &low, sizeof(low));
  std::memcpy(words + kPhiloxWords / 2, &high, sizeof(high));
}

/// Calls f(i, words, count) for the stream's numbers i..i+count-1, in order, until there were n; count is kPhiloxWords,
/// a constant, but in the last call.
template <class F>
void for_each_words(const RngKey& key, std::int64_t n, F&& f) {
  RngBlocks words;
  std::int64_t i = 0;
  for (; i + kPhiloxWords <= n; i += kPhiloxWords) {
    philox_blocks(key, static_cast<std::uint32_t>(i / 4), words);
    f(i, words, std::integral_constant<int, kPhiloxWords>{});
  }
  if (i == n) return;
  philox_blocks(key, static_cast<std::uint32_t>(i / 4), words);
  f(i, words, static_cast<int>(n - i));
}

}  // namespace fedscape
