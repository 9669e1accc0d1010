#include "kernels/exact_sum.hpp"

#include <algorithm>
#include <cmath>

namespace fedscape::kernels {

namespace {

constexpr std::int64_t kStrip = 512;  // columns: their sums stay in L1 over all rows
constexpr int kTogether = 4;          // rows a pass, so that a sum is loaded and stored once for four terms

/// sums[c] += the terms of kRows rows; returns whether a value was out of bounds or no number.
template <int kRows>
bool add_rows(const double* scaled, const float* rows, std::int64_t Q, float limit, std::int64_t* sums,
              std::int64_t columns) {
  int bad = 0;
#pragma omp simd reduction(| : bad)
  for (std::int64_t c = 0; c < columns; ++c) {
    std::int64_t sum = sums[c];
    for (int m = 0; m < kRows; ++m) {
      const float x = rows[m * Q + c];
      bad |= !(std::fabs(x) <= limit);
      sum += round_exactly(scaled[m] * static_cast<double>(x));
    }
    sums[c] = sum;
  }
  return bad != 0;
}

}  // namespace

int exact_sum(Cpu, Stream&, const double* scaled, const float* rows, float limit, std::int64_t* total, int M,
              std::int64_t Q) {
  bool bad = false;
  for (std::int64_t q = 0; q < Q; q += kStrip) {
    const std::int64_t columns = std::min(kStrip, Q - q);
    int m = 0;
    for (; m + kTogether <= M; m += kTogether)
      bad |= add_rows<kTogether>(scaled + m, rows + m * Q + q, Q, limit, total + q, columns);
    for (; m < M; ++m) bad |= add_rows<1>(scaled + m, rows + m * Q + q, Q, limit, total + q, columns);
  }
  if (!bad) return -1;
  const auto is_bad = [limit](float x) { return !(std::fabs(x) <= limit); };
  return static_cast<int>((std::find_if(rows, rows + M * Q, is_bad) - rows) / Q);
}

void exact_value(Cpu, Stream&, const std::int64_t* total, double scale, float* values, std::int64_t Q) {
  for (std::int64_t q = 0; q < Q; ++q) values[q] = static_cast<float>(static_cast<double>(total[q]) * scale);
}

}  // namespace fedscape::kernels
