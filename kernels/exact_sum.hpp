#pragma once

#include <bit>
#include <cstdint>

#include "fedscape/base/host_device.hpp"
#include "kernels/backend.hpp"

namespace fedscape::kernels {

/// total[q] += sum over m of llrint(scaled[m] * rows[m,q]). scaled [M] in host memory holds weights * 2^digits.
/// Returns the first row with a value that is not finite or beyond `limit`, or -1.
FEDSCAPE_KERNEL(int, exact_sum, Stream& stream, const double* scaled, const float* rows, float limit,
                std::int64_t* total, int M, std::int64_t Q);

FEDSCAPE_KERNEL(void, exact_value, Stream& stream, const std::int64_t* total, double scale, float* values,
                std::int64_t Q);

/// Adding 1.5 * 2^52 rounds a double of magnitude <= 2^51 to an integer (ties to even) and leaves that integer in its
/// low bits: the bits of the sum less those of the addend.
inline constexpr double kRounder = 6755399441055744.0;
inline constexpr std::uint64_t kRounderBits = 0x4338000000000000;
inline constexpr double kRounderLimit = 0x1p51;

/// llrint(v) for |v| <= kRounderLimit, as a number modulo 2^64.
FEDSCAPE_HOST_DEVICE inline std::uint64_t round_small(double v) {
  return std::bit_cast<std::uint64_t>(v + kRounder) - kRounderBits;
}

/// llrint(v) for |v| <= 2^62 in additions alone, which any vector unit has. v = high * 2^32 + rest with |rest| <= 2^31
/// splits exactly, and the even high part does not disturb the ties.
FEDSCAPE_HOST_DEVICE inline std::int64_t round_exactly(double v) {
  constexpr double kHigh = 4294967296.0;
  const double high = v * (1 / kHigh) + kRounder;
  const std::uint64_t rest = round_small(v - (high - kRounder) * kHigh);
  return static_cast<std::int64_t>(((std::bit_cast<std::uint64_t>(high) - kRounderBits) << 32) + rest);
}

}  // namespace fedscape::kernels
