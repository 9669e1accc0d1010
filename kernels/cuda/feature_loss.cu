#include "kernels/cuda/native.cuh"
#include "kernels/feature_loss.hpp"

namespace fedscape::kernels {

namespace {

/// One block per model: a thread takes every kThreads-th sample, then the block adds the losses as a tree.
__global__ void contrast_kernel(const int* counts, int B, double weight, double temperature, const float* x,
                                const float* positive, const float* negative, float* loss, float* dx, int F) {
  const int m = blockIdx.y, n = counts[m];
  double sum = 0;
  for (int b = threadIdx.x; b < n; b += kThreads) {
    const std::int64_t at = (std::int64_t{m} * B + b) * F;
    sum += sample_contrast(x + at, positive + at, negative + at, temperature, weight / n, dx ? dx + at : nullptr, F);
  }
  sum = block_sum(sum);
  if (threadIdx.x == 0 && n > 0) loss[m] += static_cast<float>(weight * sum / n);
}

/// One block per model, as above; the bandwidth is known to all threads before the first kernel is evaluated.
__global__ void mean_discrepancy_kernel(const int* counts, int B, double weight, const float* x, const float* y,
                                        float* loss, float* dx, int F) {
  const int m = blockIdx.y, n = counts[m];
  const std::int64_t at = std::int64_t{m} * B * F;
  double distances = 0, sum = 0;
  for (int i = threadIdx.x; i < n; i += kThreads) distances += distances_of(x + at, y + at, n, i, F);
  const double bandwidth = bandwidth_of(block_sum(distances), n), factor = weight / n / n;
  for (int i = threadIdx.x; i < n; i += kThreads)
    sum += discrepancy_of(x + at, y + at, n, i, bandwidth, factor, dx ? dx + at : nullptr, F);
  sum = block_sum(sum);
  if (threadIdx.x == 0 && n > 0) loss[m] += static_cast<float>(factor * sum);
}

/// One block per model, as above.
__global__ void prototype_distance_kernel(const int* counts, int B, double weight, const float* x,
                                          const std::int32_t* labels, const float* prototypes, const float* known,
                                          float* loss, float* dx, int F) {
  const int m = blockIdx.y, n = counts[m];
  const double factor = weight / max(n, 1) / F;
  double sum = 0;
  for (int b = threadIdx.x; b < n; b += kThreads) {
    const std::int64_t sample = std::int64_t{m} * B + b, label = labels[sample], at = sample * F;
    if (known[label] != 0) sum += sample_distance(x + at, prototypes + label * F, factor, dx ? dx + at : nullptr, F);
  }
  sum = block_sum(sum);
  if (threadIdx.x == 0 && n > 0) loss[m] += static_cast<float>(factor * sum);
}

}  // namespace

void contrast(Cuda, Stream& stream, const Batch& batch, double weight, double temperature, const float* x,
              const float* positive, const float* negative, float* loss, float* dx, int F) {
  const ArenaScope scope(stream);
  const Tensor<int> counts = upload(stream, batch.counts.data(), batch.models);
  contrast_kernel<<<blocks_for(1, batch.models), kThreads, 0, queue(stream)>>>(
      counts.data(), batch.size, weight, temperature, x, positive, negative, loss, dx, F);
  CUDA_CHECK(cudaGetLastError());
}

void mean_discrepancy(Cuda, Stream& stream, const Batch& batch, double weight, const float* x, const float* y,
                      float* loss, float* dx, int F) {
  const ArenaScope scope(stream);
  const Tensor<int> counts = upload(stream, batch.counts.data(), batch.models);
  mean_discrepancy_kernel<<<blocks_for(1, batch.models), kThreads, 0, queue(stream)>>>(counts.data(), batch.size,
                                                                                       weight, x, y, loss, dx, F);
  CUDA_CHECK(cudaGetLastError());
}

void prototype_distance(Cuda, Stream& stream, const Batch& batch, double weight, const float* x,
                        const std::int32_t* labels, const float* prototypes, const float* known, float* loss, float* dx,
                        int F) {
  const ArenaScope scope(stream);
  const Tensor<int> counts = upload(stream, batch.counts.data(), batch.models);
  prototype_distance_kernel<<<blocks_for(1, batch.models), kThreads, 0, queue(stream)>>>(
      counts.data(), batch.size, weight, x, labels, prototypes, known, loss, dx, F);
  CUDA_CHECK(cudaGetLastError());
}

}  // namespace fedscape::kernels
