#include "kernels/mix.hpp"

#include <algorithm>

namespace fedscape::kernels {

namespace {

constexpr std::int64_t kStrip = 1024;  // columns: a strip of out and four of rows stay in L1

/// out[c] += w[0] r0[c] + w[1] r1[c] + ..., in this order: four rows a pass save loads and stores of out.
void add_four(const float* w, const float* rows, std::int64_t P, float* out, std::int64_t columns) {
  const float *r0 = rows, *r1 = rows + P, *r2 = rows + 2 * P, *r3 = rows + 3 * P;
#pragma omp simd
  for (std::int64_t c = 0; c < columns; ++c) {
    float sum = out[c];
    sum += w[0] * r0[c];
    sum += w[1] * r1[c];
    sum += w[2] * r2[c];
    sum += w[3] * r3[c];
    out[c] = sum;
  }
}

void add_one(float w, const float* row, float* out, std::int64_t columns) {
#pragma omp simd
  for (std::int64_t c = 0; c < columns; ++c) out[c] += w * row[c];
}

void scale(float beta, float* out, std::int64_t columns) {
  if (beta == 0) return std::fill(out, out + columns, 0.0f);
#pragma omp simd
  for (std::int64_t c = 0; c < columns; ++c) out[c] *= beta;
}

}  // namespace

void mix(Cpu, Stream&, const float* weights, const float* rows, float beta, float* out, int A, int M, std::int64_t P) {
  for (std::int64_t begin = 0; begin < P; begin += kStrip) {
    const std::int64_t columns = std::min(kStrip, P - begin);
    for (int a = 0; a < A; ++a) {
      const float* const w = weights + std::int64_t{a} * M;
      float* const strip = out + a * P + begin;
      scale(beta, strip, columns);
      int m = 0;
      for (; m + 4 <= M; m += 4) add_four(w + m, rows + m * P + begin, P, strip, columns);
      for (; m < M; ++m) add_one(w[m], rows + m * P + begin, strip, columns);
    }
  }
}

}  // namespace fedscape::kernels
