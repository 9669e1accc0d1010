#pragma once

#include <type_traits>

#include "kernels/conv.hpp"
#include "kernels/cpu/wide.hpp"

/// What winograd.cpp and winograd_filters.cpp share.
namespace fedscape::kernels::winograd {

/// How far apart the planes of the 36 points lie that hold `floats` each: an odd number of registers, or all of them
/// would fall on the same few sets of the caches.
constexpr std::int64_t plane_stride(std::int64_t floats) { return (floats / kWide | 1) * kWide; }

/// Calls f(std::integral_constant<int, taps>).
template <class F>
void with_taps(const ConvShape& shape, F&& f) {
  if (shape.kernel_x == 3)
    f(std::integral_constant<int, 3>{});
  else
    f(std::integral_constant<int, 5>{});
}

/// dw [filters, taps, taps, channels] from its sums at the 36 points, planes [filters, channels] in whole registers.
void unpack_gradients(const ConvShape& shape, const float* sums, float* dw);

}  // namespace fedscape::kernels::winograd
