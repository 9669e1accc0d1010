#include "kernels/cuda/native.cuh"
#include "kernels/loss.hpp"

namespace fedscape::kernels {

namespace {

/// One block per model: a thread takes every kThreads-th sample, then the block adds the losses as a tree.
template <class Sample>
__global__ void loss_kernel(const int* counts, int B, const float* logits, const std::int32_t* labels, float* loss,
                            float* dlogits, int C, double terms_per_sample, Sample sample) {
  const int m = blockIdx.y, count = counts[m];
  const double terms = max(count, 1) * terms_per_sample;
  double sum = 0;
  for (int b = threadIdx.x; b < count; b += kThreads) {
    const std::int64_t at = std::int64_t{m} * B + b;
    sum += sample(m, logits + at * C, labels[at], static_cast<float>(1 / terms), dlogits + at * C, C);
  }
  sum = block_sum(sum);
  if (threadIdx.x == 0) loss[m] = static_cast<float>(sum / terms);
}

struct CrossEntropy {
  __device__ double operator()(int, const float* z, int label, float scale, float* dz, int C) const {
    return sample_cross_entropy(z, label, scale, dz, C);
  }
};

struct AdjustedCrossEntropy {
  const float *scale, *shift;
  __device__ double operator()(int m, const float* z, int label, float factor, float* dz, int C) const {
    const std::int64_t row = std::int64_t{m} * C;
    return sample_adjusted_cross_entropy(z, label, scale ? scale + row : nullptr, shift ? shift + row : nullptr, factor,
                                         dz, C);
  }
};

struct SquaredError {
  __device__ double operator()(int, const float* z, int label, float scale, float* dz, int C) const {
    return sample_squared_error(z, label, scale, dz, C);
  }
};

template <class Sample>
void loss_and_gradient(Stream& stream, const Batch& batch, const float* logits, const std::int32_t* labels, float* loss,
                       float* dlogits, int C, double terms_per_sample, const Sample& sample) {
  const ArenaScope scope(stream);
  const Tensor<int> counts = upload(stream, batch.counts.data(), batch.models);
  loss_kernel<<<blocks_for(1, batch.models), kThreads, 0, queue(stream)>>>(counts.data(), batch.size, logits, labels,
                                                                           loss, dlogits, C, terms_per_sample, sample);
  CUDA_CHECK(cudaGetLastError());
}

/// One block per model, as above.
__global__ void soft_cross_entropy_kernel(const int* counts, int B, double weight, const float* logits,
                                          const float* targets, float* loss, float* dlogits, int C) {
  const int m = blockIdx.y, count = counts[m];
  double sum = 0;
  for (int b = threadIdx.x; b < count; b += kThreads) {
    const std::int64_t at = (std::int64_t{m} * B + b) * C;
    sum += sample_soft_cross_entropy(logits + at, targets + at, weight / count, dlogits + at, C);
  }
  sum = block_sum(sum);
  if (threadIdx.x == 0 && count > 0) loss[m] += static_cast<float>(weight * sum / count);
}

/// One thread per sample.
__global__ void softmax_kernel(const int* counts, int B, double temperature, const float* logits, float* p, int C) {
  const std::int64_t b = element();
  const int m = blockIdx.y;
  if (b >= counts[m]) return;
  const std::int64_t at = (std::int64_t{m} * B + b) * C;
  sample_softmax(logits + at, temperature, p + at, C);
}

/// One thread per sample.
__global__ void sample_score_kernel(const int* counts, int B, const float* logits, const std::int32_t* labels,
                                    bool labels_shared, ops::Score* samples, int C) {
  const std::int64_t b = element();
  const int m = blockIdx.y;
  if (b >= counts[m]) return;
  const std::int64_t at = std::int64_t{m} * B + b;
  samples[at] = sample_score(logits + at * C, labels[labels_shared ? b : at], C);
}

/// One thread per model, which adds its samples in their order.
__global__ void add_scores_kernel(const int* counts, int M, int B, const ops::Score* samples, ops::Score* scores) {
  const std::int64_t m = element();
  if (m >= M) return;
  ops::Score total;
  for (int b = 0; b < counts[m]; ++b) accumulate(samples[m * B + b], total);
  scores[m] = total;
}

}  // namespace

void softmax_cross_entropy(Cuda, Stream& stream, const Batch& batch, const float* logits, const std::int32_t* labels,
                           float* loss, float* dlogits, int C) {
  loss_and_gradient(stream, batch, logits, labels, loss, dlogits, C, 1, CrossEntropy{});
}

void adjusted_cross_entropy(Cuda, Stream& stream, const Batch& batch, const float* logits, const std::int32_t* labels,
                            const float* scale, const float* shift, float* loss, float* dlogits, int C) {
  loss_and_gradient(stream, batch, logits, labels, loss, dlogits, C, 1, AdjustedCrossEntropy{scale, shift});
}

void squared_error(Cuda, Stream& stream, const Batch& batch, const float* logits, const std::int32_t* labels,
                   float* loss, float* dlogits, int C) {
  loss_and_gradient(stream, batch, logits, labels, loss, dlogits, C, C, SquaredError{});
}

void soft_cross_entropy(Cuda, Stream& stream, const Batch& batch, double weight, const float* logits,
                        const float* targets, float* loss, float* dlogits, int C) {
  const ArenaScope scope(stream);
  const Tensor<int> counts = upload(stream, batch.counts.data(), batch.models);
  soft_cross_entropy_kernel<<<blocks_for(1, batch.models), kThreads, 0, queue(stream)>>>(
      counts.data(), batch.size, weight, logits, targets, loss, dlogits, C);
  CUDA_CHECK(cudaGetLastError());
}

void softmax(Cuda, Stream& stream, const Batch& batch, double temperature, const float* logits, float* p, int C) {
  const ArenaScope scope(stream);
  const Tensor<int> counts = upload(stream, batch.counts.data(), batch.models);
  softmax_kernel<<<blocks_for(batch.size, batch.models), kThreads, 0, queue(stream)>>>(counts.data(), batch.size,
                                                                                       temperature, logits, p, C);
  CUDA_CHECK(cudaGetLastError());
}

void score(Cuda, Stream& stream, const Batch& batch, const float* logits, const std::int32_t* labels,
           bool labels_shared, ops::Score* scores, int C) {
  const ArenaScope scope(stream);
  const Tensor<int> counts = upload(stream, batch.counts.data(), batch.models);
  const Tensor<ops::Score> samples(stream, {batch.models, batch.size}), totals(stream, {batch.models});
  sample_score_kernel<<<blocks_for(batch.size, batch.models), kThreads, 0, queue(stream)>>>(
      counts.data(), batch.size, logits, labels, labels_shared, samples.data(), C);
  CUDA_CHECK(cudaGetLastError());
  add_scores_kernel<<<blocks_for(batch.models), kThreads, 0, queue(stream)>>>(counts.data(), batch.models, batch.size,
                                                                              samples.data(), totals.data());
  CUDA_CHECK(cudaGetLastError());
  copy_to_host(stream, scores, totals.data(), sizeof(ops::Score) * static_cast<std::size_t>(batch.models));
}

}  // namespace fedscape::kernels
