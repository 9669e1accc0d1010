#include "kernels/cuda/sums.cuh"
#include "kernels/scope.hpp"

namespace fedscape::kernels {

namespace {

/// Row 2m of the sums is the sum of d over model m's weights, row 2m + 1 that of d^2.
struct ScopeSums {
  Slot<const float> w;
  __device__ double operator()(std::int64_t row, std::int64_t i) const {
    const float* const weights = w.data + row / 2 * w.stride;
    const double d = static_cast<double>(weights[i]) - static_cast<double>(weights[0]);
    return row % 2 == 0 ? d : d * d;
  }
};

__device__ Scope scope_of_model(const double* sums, std::int64_t m, std::int64_t length, Slot<const float> w) {
  return scope_of(sums[2 * m], sums[2 * m + 1], length, w.data[m * w.stride]);
}

/// One thread per model.
__global__ void scope_terms_kernel(ops::ScopeFusion fusion, const double* sums, std::int64_t length,
                                   Slot<const float> w, Slot<float> terms, int models) {
  const std::int64_t m = element();
  if (m < models) terms_of(fusion, scope_of_model(sums, m, length, w), terms.data + m * terms.stride);
}

/// One thread per layer.
__global__ void fused_scopes_kernel(ops::ScopeFusion fusion, const float* terms, float* scopes, std::int64_t layers) {
  const std::int64_t l = element();
  if (l < layers) fuse(fusion, terms + 2 * l, scopes + 2 * l);
}

/// One thread per weight; blockIdx.y is the model.
__global__ void align_scope_kernel(ops::ScopeDivergence divergence, double weight, const double* sums,
                                   std::int64_t length, Slot<const float> w, const float* target, float* loss,
                                   Slot<float> grads) {
  const std::int64_t i = element(), m = blockIdx.y;
  if (i >= length || target[1] == 0) return;
  const Scope now = scope_of_model(sums, m, length, w);
  const ScopePull pull = pull_of(divergence, now, {static_cast<double>(target[0]), static_cast<double>(target[1])});
  const double each = weight / static_cast<double>(length);
  const auto shift = static_cast<float>(each * pull.shift), slope = static_cast<float>(each * pull.slope);
  grads.data[m * grads.stride + i] += shift + slope * (w.data[m * w.stride + i] - static_cast<float>(now.mean));
  if (i == 0) loss[m] += static_cast<float>(weight * pull.loss);
}

}  // namespace

void scope_terms(Cuda, Stream& stream, ops::ScopeFusion fusion, std::int64_t length, Slot<const float> w,
                 Slot<float> terms, int models) {
  if (models == 0) return;
  const ArenaScope scope(stream);
  const Tensor<double> sums(stream, {2 * models});
  row_sums(stream, ScopeSums{w}, length, 2 * models, sums.data());
  scope_terms_kernel<<<blocks_for(models), kThreads, 0, queue(stream)>>>(fusion, sums.data(), length, w, terms, models);
  CUDA_CHECK(cudaGetLastError());
}

void fused_scopes(Cuda, Stream& stream, ops::ScopeFusion fusion, const float* terms, float* scopes,
                  std::int64_t layers) {
  if (layers == 0) return;
  fused_scopes_kernel<<<blocks_for(layers), kThreads, 0, queue(stream)>>>(fusion, terms, scopes, layers);
  CUDA_CHECK(cudaGetLastError());
}

void align_scope(Cuda, Stream& stream, ops::ScopeDivergence divergence, double weight, std::int64_t length,
                 Slot<const float> w, const float* target, float* loss, Slot<float> grads, int models) {
  if (models == 0) return;
  const ArenaScope scope(stream);
  const Tensor<double> sums(stream, {2 * models});
  row_sums(stream, ScopeSums{w}, length, 2 * models, sums.data());
  align_scope_kernel<<<blocks_for(length, models), kThreads, 0, queue(stream)>>>(divergence, weight, sums.data(),
                                                                                 length, w, target, loss, grads);
  CUDA_CHECK(cudaGetLastError());
}

}  // namespace fedscape::kernels
