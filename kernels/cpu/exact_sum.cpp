#include "kernels/exact_sum.hpp"

#include <algorithm>
#include <cmath>

#include "kernels/cpu/wide.hpp"

namespace fedscape::kernels {

namespace {

constexpr std::int64_t kStrip = 16384;  // columns: their sums stay in L2 over all rows, and rows are read in long runs
constexpr int kAhead = 96;              // columns: the CPU alone foresees eight rows too late

using Doubles = double __attribute__((vector_size(sizeof(Wide))));
using Words = std::uint64_t __attribute__((vector_size(sizeof(Wide))));
using Bits = std::int32_t __attribute__((vector_size(sizeof(Wide))));

/// Some columns of all rows, which lie Q apart, and the sums of these columns, modulo 2^64.
struct Strip {
  const double* scaled;
  const float* rows;
  std::int64_t Q;
  std::uint64_t* sums;
  std::int64_t columns;
};

/// llrint(weight * from[i]) + kRounderBits for as many columns as a register has doubles, if they are small.
Words small_terms(double weight, const float* from) {
  double values[kWide / 2];  // by a loop: g++ 12 converts one register in two halves if asked for a vector
  for (int i = 0; i < kWide / 2; ++i) values[i] = static_cast<double>(from[i]);
  const Doubles rounded = load<Doubles>(values) * weight + kRounder;
  return load<Words>(&rounded);
}

/// Adds the terms of rows m..m+R-1 as if all were small; a sum is loaded and stored once for R of them. Returns the
/// largest magnitude of a value, which says whether they are; as integers magnitudes are ordered as they are as floats,
/// and a NaN comes last.
template <int R>
float add_small(const Strip& strip, int m) {
  constexpr std::int32_t kMagnitude = 0x7fffffff;
  const double* const scaled = strip.scaled + m;
  const float* const rows = strip.rows + m * strip.Q;
  const std::int64_t Q = strip.Q, columns = strip.columns;
  Bits bits{};
  std::int64_t c = 0;
  for (; c + kWide <= columns; c += kWide) {
    std::uint64_t* const sums = strip.sums + c;
    Words left = load<Words>(sums) - R * kRounderBits, right = load<Words>(sums + kWide / 2) - R * kRounderBits;
    for (int r = 0; r < R; ++r) {
      const float* const row = rows + r * Q + c;
      __builtin_prefetch(row + kAhead);
      const Bits magnitude = load<Bits>(row) & kMagnitude;
      bits = magnitude > bits ? magnitude : bits;
      left += small_terms(scaled[r], row);
      right += small_terms(scaled[r], row + kWide / 2);
    }
    store(sums, left);
    store(sums + kWide / 2, right);
  }
  std::int32_t largest = 0;
  for (int i = 0; i < kWide; ++i) largest = std::max(largest, bits[i]);
  for (; c < columns; ++c)
    for (int r = 0; r < R; ++r) {
      const float x = rows[r * Q + c];
      largest = std::max(largest, std::bit_cast<std::int32_t>(x) & kMagnitude);
      strip.sums[c] += round_small(scaled[r] * static_cast<double>(x));
    }
  return std::bit_cast<float>(largest);
}

/// Where add_small has added row m, but not all of its terms are small.
void correct(const Strip& strip, int m) {
  const double weight = strip.scaled[m];
  const float* const row = strip.rows + m * strip.Q;
#pragma omp simd
  for (std::int64_t c = 0; c < strip.columns; ++c) {
    const double v = weight * static_cast<double>(row[c]);
    strip.sums[c] += static_cast<std::uint64_t>(round_exactly(v)) - round_small(v);
  }
}

/// Adds rows from m on, R at once, as long as there are so many. Returns whether all values are within the limit.
template <int R>
bool add_rows(const Strip& strip, float limit, double heaviest, int M, int& m) {
  for (; m + R <= M; m += R) {
    const float largest = add_small<R>(strip, m);
    if (!(largest <= limit)) return false;
    if (static_cast<double>(largest) * heaviest <= kRounderLimit) continue;
    for (int r = 0; r < R; ++r) correct(strip, m + r);
  }
  return true;
}

}  // namespace

int exact_sum(Cpu, Stream&, const double* scaled, const float* rows, float limit, std::int64_t* total, int M,
              std::int64_t Q) {
  double heaviest = 0;
  for (int m = 0; m < M; ++m) heaviest = std::max(heaviest, std::fabs(scaled[m]));
  for (std::int64_t q = 0; q < Q; q += kStrip) {
    auto* const sums = reinterpret_cast<std::uint64_t*>(total + q);
    const Strip strip = {scaled, rows + q, Q, sums, std::min(kStrip, Q - q)};
    int m = 0;
    if (add_rows<8>(strip, limit, heaviest, M, m) && add_rows<4>(strip, limit, heaviest, M, m) &&
        add_rows<2>(strip, limit, heaviest, M, m) && add_rows<1>(strip, limit, heaviest, M, m))
      continue;
    const auto is_bad = [limit](float x) { return !(std::fabs(x) <= limit); };
    return static_cast<int>((std::find_if(rows, rows + M * Q, is_bad) - rows) / Q);
  }
  return -1;
}

void exact_value(Cpu, Stream&, const std::int64_t* total, double scale, float* values, std::int64_t Q) {
  for (std::int64_t q = 0; q < Q; ++q) values[q] = static_cast<float>(static_cast<double>(total[q]) * scale);
}

}  // namespace fedscape::kernels
