#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace fedscape {

/// 64-bit FNV-1a (Fowler, Noll and Vo): tells data apart that differ by accident, not by intent.
inline constexpr std::uint64_t kHashStart = 0xcbf29ce484222325u;
inline std::uint64_t fnv1a(std::span<const std::byte> bytes, std::uint64_t hash = kHashStart) {
  for (const std::byte byte : bytes) hash = (hash ^ static_cast<std::uint64_t>(byte)) * 0x100000001b3u;
  return hash;
}

}  // namespace fedscape
