#include "kernels/cuda/native.cuh"
#include "kernels/mix.hpp"

namespace fedscape::kernels {

namespace {

constexpr int kGroup = 8;  // rows of out that one thread sums, so that rows is read once for all of them

/// One thread per column and group of kGroup rows of out; blockIdx.y is the group.
__global__ void mix_kernel(const float* weights, const float* rows, float beta, float* out, int A, int M,
                           std::int64_t P) {
  const std::int64_t p = element();
  if (p >= P) return;
  const int first = blockIdx.y * kGroup, last = min(first + kGroup, A);
  float sums[kGroup];
#pragma unroll
  for (int a = 0; a < kGroup; ++a) sums[a] = first + a < last && beta != 0 ? beta * out[(first + a) * P + p] : 0.0f;
  for (int m = 0; m < M; ++m) {
    const float value = rows[m * P + p];
#pragma unroll
    for (int a = 0; a < kGroup; ++a)
      if (first + a < last) sums[a] += weights[std::int64_t{first + a} * M + m] * value;
  }
#pragma unroll
  for (int a = 0; a < kGroup; ++a)
    if (first + a < last) out[(first + a) * P + p] = sums[a];
}

}  // namespace

void mix(Cuda, Stream& stream, const float* weights, const float* rows, float beta, float* out, int A, int M,
         std::int64_t P) {
  if (A == 0 || P == 0) return;
  const ArenaScope scope(stream);
  const Tensor<float> w = upload(stream, weights, std::int64_t{A} * M);
  mix_kernel<<<blocks_for(P, (A + kGroup - 1) / kGroup), kThreads, 0, queue(stream)>>>(w.data(), rows, beta, out, A, M,
                                                                                       P);
  CUDA_CHECK(cudaGetLastError());
}

}  // namespace fedscape::kernels
