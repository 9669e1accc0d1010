#pragma once

#include <cstdint>
#include <span>

#include "fedscape/device/stream.hpp"
#include "fedscape/tensor/view.hpp"

namespace fedscape::ops {

/// Binary digits after the point of an exact sum: a term v enters as llrint(v * 2^44).
inline constexpr int kExactDigits = 44;
/// Largest magnitude of a summed value; with sum |w| <= 1 no sum can overflow.
inline constexpr float kExactLimit = 262144.0f;  // 2^18

/// total[q] += sum over m of llrint(double(weights[m]) * rows[m,q] * 2^44). Integer sums commute, so the result does
/// not depend on the order or grouping of calls. rows [M,Q], weights [M] in host memory, total [Q]. Returns the first m
/// whose row holds a NaN, an infinity or a magnitude above kExactLimit (total is then unspecified), or -1.
int exact_sum(Stream& stream, std::span<const double> weights, View<const float> rows, View<std::int64_t> total);

/// values[q] = float(total[q] * 2^-44).   total [Q], values [Q].
void exact_value(Stream& stream, View<const std::int64_t> total, View<float> values);

}  // namespace fedscape::ops
