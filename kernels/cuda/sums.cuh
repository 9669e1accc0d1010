#pragma once

#include "kernels/cuda/native.cuh"

/// Sums of long rows in double: each block sums a fixed chunk, then one block adds the chunks; the order depends on the
/// length only.
namespace fedscape::kernels {

inline constexpr std::int64_t kChunk = 16 * kThreads;

inline std::int64_t chunks_of(std::int64_t n) { return (n + kChunk - 1) / kChunk; }

/// partial[m, chunk] = sum of term(m, i) over i of the chunk; blockIdx.x is the chunk, blockIdx.y the row.
template <class Term>
__global__ void chunk_sums_kernel(Term term, std::int64_t n, double* partial) {
  const std::int64_t first = blockIdx.x * kChunk, last = min(first + kChunk, n);
  double sum = 0;
  for (std::int64_t i = first + threadIdx.x; i < last; i += kThreads) sum += term(blockIdx.y, i);
  sum = block_sum(sum);
  if (threadIdx.x == 0) partial[std::int64_t{blockIdx.y} * gridDim.x + blockIdx.x] = sum;
}

/// sums[m] = sum of partial[m, :]; one block per row.
__global__ static void add_chunks_kernel(const double* partial, std::int64_t chunks, double* sums) {
  double sum = 0;
  for (std::int64_t i = threadIdx.x; i < chunks; i += kThreads) sum += partial[blockIdx.y * chunks + i];
  sum = block_sum(sum);
  if (threadIdx.x == 0) sums[blockIdx.y] = sum;
}

/// sums[m] = sum over i < n of term(m, i) for `rows` rows; sums in device memory. n, rows > 0.
template <class Term>
void row_sums(Stream& stream, const Term& term, std::int64_t n, int rows, double* sums) {
  const ArenaScope scope(stream);
  const std::int64_t chunks = chunks_of(n);
  const Tensor<double> partial(stream, {rows, chunks});
  chunk_sums_kernel<<<blocks_for(chunks * kThreads, rows), kThreads, 0, queue(stream)>>>(term, n, partial.data());
  CUDA_CHECK(cudaGetLastError());
  add_chunks_kernel<<<blocks_for(1, rows), kThreads, 0, queue(stream)>>>(partial.data(), chunks, sums);
  CUDA_CHECK(cudaGetLastError());
}

}  // namespace fedscape::kernels
