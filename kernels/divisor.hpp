#pragma once

#include <cstdint>

#include "fedscape/base/host_device.hpp"

namespace fedscape::kernels {

/// Divides numbers below 2^31 by one divisor in 1..2^31-1 with a multiplication and a shift (Granlund and Montgomery,
/// PLDI 1994): n / d = (high(n * factor) + n) >> shift with shift = ceil(log2 d), factor = floor(2^32 (2^shift - d) /
/// d)
/// + 1; below 2^31 the addition does not overflow.
class Divisor {
 public:
  Divisor() = default;
  explicit Divisor(std::int64_t d) : divisor_(static_cast<std::uint32_t>(d)) {
    while ((std::int64_t{1} << shift_) < d) ++shift_;
    const std::int64_t above = (std::int64_t{1} << shift_) - d;
    factor_ = static_cast<std::uint32_t>((static_cast<std::uint64_t>(above) << 32) / divisor_ + 1);
  }
  FEDSCAPE_HOST_DEVICE std::uint32_t quotient(std::uint32_t n) const {
    const auto high = static_cast<std::uint32_t>((std::uint64_t{n} * factor_) >> 32);
    return (high + n) >> shift_;
  }
  /// n less `quotient` times the divisor.
  FEDSCAPE_HOST_DEVICE std::uint32_t rest(std::uint32_t n, std::uint32_t quotient) const {
    return n - quotient * divisor_;
  }
  FEDSCAPE_HOST_DEVICE std::uint32_t divisor() const { return divisor_; }

 private:
  std::uint32_t divisor_ = 1, factor_ = 1;
  int shift_ = 0;
};

}  // namespace fedscape::kernels
