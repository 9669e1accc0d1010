#include "kernels/cuda/native.cuh"
#include "kernels/exact_sum.hpp"

namespace fedscape::kernels {

namespace {

/// One thread per column. The lowest bad row is a minimum over integers, which no order of the threads can change.
__global__ void exact_sum_kernel(const double* scaled, const float* rows, float limit, std::int64_t* total, int M,
                                 std::int64_t Q, int* first_bad) {
  const std::int64_t q = element();
  if (q >= Q) return;
  std::int64_t sum = 0;
  int bad = M;
  for (int m = 0; m < M; ++m) {
    const float x = rows[m * Q + q];
    if (!(fabsf(x) <= limit)) bad = min(bad, m);
    sum += round_exactly(__dmul_rn(scaled[m], static_cast<double>(x)));  // a product that no fused add may swallow
  }
  total[q] += sum;
  if (bad < M) atomicMin(first_bad, bad);
}

/// One thread per value.
__global__ void exact_value_kernel(const std::int64_t* total, double scale, float* values, std::int64_t Q) {
  const std::int64_t q = element();
  if (q < Q) values[q] = static_cast<float>(static_cast<double>(total[q]) * scale);
}

}  // namespace

int exact_sum(Cuda, Stream& stream, const double* scaled, const float* rows, float limit, std::int64_t* total, int M,
              std::int64_t Q) {
  if (M == 0 || Q == 0) return -1;
  const ArenaScope scope(stream);
  const Tensor<double> weights = upload(stream, scaled, M);
  int bad = M;
  const Tensor<int> first_bad = upload(stream, &bad, 1);
  exact_sum_kernel<<<blocks_for(Q), kThreads, 0, queue(stream)>>>(weights.data(), rows, limit, total, M, Q,
                                                                  first_bad.data());
  CUDA_CHECK(cudaGetLastError());
  copy_to_host(stream, &bad, first_bad.data(), sizeof bad);
  return bad < M ? bad : -1;
}

void exact_value(Cuda, Stream& stream, const std::int64_t* total, double scale, float* values, std::int64_t Q) {
  if (Q == 0) return;
  exact_value_kernel<<<blocks_for(Q), kThreads, 0, queue(stream)>>>(total, scale, values, Q);
  CUDA_CHECK(cudaGetLastError());
}

}  // namespace fedscape::kernels
