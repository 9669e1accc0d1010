#pragma once

#include <cstdint>

namespace fedscape::kernels {

/// Sum of term(i) for i < n in double: element i goes to lane i % 16 and the lanes are added pairwise, so that the
/// order depends on n only and the loop vectorises as written.
template <class Term>
double sum_in_lanes(std::int64_t n, Term&& term) {
  constexpr int kLanes = 16;
  double lanes[kLanes] = {};
  std::int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes)
    for (int lane = 0; lane < kLanes; ++lane) lanes[lane] += term(i + lane);
  for (int lane = 0; i < n; ++i, ++lane) lanes[lane] += term(i);
  for (int half = kLanes / 2; half > 0; half /= 2)
    for (int lane = 0; lane < half; ++lane) lanes[lane] += lanes[lane + half];
  return lanes[0];
}

}  // namespace fedscape::kernels
