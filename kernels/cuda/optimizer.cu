#include "kernels/cuda/sums.cuh"
#include "kernels/optimizer.hpp"

namespace fedscape::kernels {

namespace {

/// One thread per parameter.
__global__ void sgd_kernel(ops::Sgd rates, std::int64_t length, Slot<const float> grads, Slot<float> params,
                           Slot<float> velocity) {
  const std::int64_t i = element(), m = blockIdx.y;
  if (i >= length) return;
  sgd_element(rates, grads.data[m * grads.stride + i], params.data[m * params.stride + i],
              velocity.data ? velocity.data + m * velocity.stride + i : nullptr);
}

/// One thread per parameter.
__global__ void adam_kernel(AdamRates rates, std::int64_t length, Slot<const float> grads, Slot<float> params,
                            Slot<float> first, Slot<float> second) {
  const std::int64_t i = element(), m = blockIdx.y;
  if (i >= length) return;
  adam_element(rates, grads.data[m * grads.stride + i], params.data[m * params.stride + i],
               first.data[m * first.stride + i], second.data[m * second.stride + i]);
}

struct Square {
  const float* rows;
  std::int64_t P;
  __device__ double operator()(std::int64_t m, std::int64_t i) const {
    const auto x = static_cast<double>(rows[m * P + i]);
    return x * x;
  }
};

/// One thread per gradient.
__global__ void scale_rows_kernel(const double* squares, float max_norm, float* grads, std::int64_t P) {
  const std::int64_t i = element(), m = blockIdx.y;
  if (i < P) grads[m * P + i] *= clip_factor(squares[m], max_norm);
}

/// One thread per parameter.
__global__ void ascend_rows_kernel(const double* squares, float rho, const float* grads, float* point, std::int64_t P) {
  const std::int64_t i = element(), m = blockIdx.y;
  if (i < P) point[m * P + i] += ascent_factor(squares[m], rho) * grads[m * P + i];
}

}  // namespace

void sgd(Cuda, Stream& stream, const ops::Sgd& rates, int active, std::int64_t length, Slot<const float> grads,
         Slot<float> params, Slot<float> velocity) {
  if (active == 0 || length == 0) return;
  sgd_kernel<<<blocks_for(length, active), kThreads, 0, queue(stream)>>>(rates, length, grads, params, velocity);
  CUDA_CHECK(cudaGetLastError());
}

void adam(Cuda, Stream& stream, const AdamRates& rates, int active, std::int64_t length, Slot<const float> grads,
          Slot<float> params, Slot<float> first, Slot<float> second) {
  if (active == 0 || length == 0) return;
  adam_kernel<<<blocks_for(length, active), kThreads, 0, queue(stream)>>>(rates, length, grads, params, first, second);
  CUDA_CHECK(cudaGetLastError());
}

void clip_rows(Cuda, Stream& stream, float max_norm, int active, float* grads, std::int64_t P) {
  if (active == 0 || P == 0) return;
  const ArenaScope scope(stream);
  const Tensor<double> squares(stream, {active});
  row_sums(stream, Square{grads, P}, P, active, squares.data());
  scale_rows_kernel<<<blocks_for(P, active), kThreads, 0, queue(stream)>>>(squares.data(), max_norm, grads, P);
  CUDA_CHECK(cudaGetLastError());
}

void ascend_rows(Cuda, Stream& stream, float rho, int models, const float* grads, float* point, std::int64_t P) {
  if (models == 0 || P == 0) return;
  const ArenaScope scope(stream);
  const Tensor<double> squares(stream, {models});
  row_sums(stream, Square{grads, P}, P, models, squares.data());
  ascend_rows_kernel<<<blocks_for(P, models), kThreads, 0, queue(stream)>>>(squares.data(), rho, grads, point, P);
  CUDA_CHECK(cudaGetLastError());
}

}  // namespace fedscape::kernels
