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

/// llrint(v) for |v| <= 2^62 in additions alone, which any vector unit has. Adding 1.5 * 2^52 rounds a double below
/// 2^51 to an integer (ties to even) and leaves that integer in its low bits; v = high * 2^32 + rest with |rest| <=
/// 2^31 splits exactly, and the even high part does not disturb the ties.
FEDSCAPE_HOST_DEVICE inline std::int64_t round_exactly(double v) {
  constexpr double kMagic = 6755399441055744.0, kHigh = 4294967296.0;
  const double high = v * (1 / kHigh) + kMagic;
  const double rest = v - (high - kMagic) * kHigh + kMagic;
  constexpr auto kMagicBits = static_cast<std::uint64_t>(0x4338000000000000);
  const std::uint64_t sum =
      ((std::bit_cast<std::uint64_t>(high) - kMagicBits) << 32) + (std::bit_cast<std::uint64_t>(rest) - kMagicBits);
  return static_cast<std::int64_t>(sum);
}

}  // namespace fedscape::kernels
