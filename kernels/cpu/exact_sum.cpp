#include "kernels/exact_sum.hpp"

#include <algorithm>
#include <cmath>

namespace fedscape::kernels {

namespace {

constexpr int kStrip = 32;  // columns whose accumulators stay in registers over all rows

/// Sums one strip of `columns` <= kStrip columns; returns whether a value was out of bounds or no number.
template <class Columns>
bool sum_strip(const double* scaled, const float* rows, float limit, std::int64_t* total, int M, std::int64_t Q,
               Columns columns) {
  std::int64_t sums[kStrip] = {};
  int bad = 0;
  for (int m = 0; m < M; ++m) {
    const float* const row = rows + m * Q;
    const double scale = scaled[m];
#pragma omp simd reduction(| : bad)
    for (int c = 0; c < columns; ++c) {
      bad |= !(std::fabs(row[c]) <= limit);
      sums[c] += round_exactly(scale * static_cast<double>(row[c]));
    }
  }
  for (int c = 0; c < columns; ++c) total[c] += sums[c];
  return bad != 0;
}

}  // namespace

int exact_sum(Cpu, Stream&, const double* scaled, const float* rows, float limit, std::int64_t* total, int M,
              std::int64_t Q) {
  bool bad = false;
  std::int64_t q = 0;
  for (; q + kStrip <= Q; q += kStrip)
    bad |= sum_strip(scaled, rows + q, limit, total + q, M, Q, std::integral_constant<int, kStrip>{});
  bad |= sum_strip(scaled, rows + q, limit, total + q, M, Q, static_cast<int>(Q - q));
  if (!bad) return -1;
  const auto is_bad = [limit](float x) { return !(std::fabs(x) <= limit); };
  return static_cast<int>((std::find_if(rows, rows + M * Q, is_bad) - rows) / Q);
}

void exact_value(Cpu, Stream&, const std::int64_t* total, double scale, float* values, std::int64_t Q) {
  for (std::int64_t q = 0; q < Q; ++q) values[q] = static_cast<float>(static_cast<double>(total[q]) * scale);
}

}  // namespace fedscape::kernels
