#include "kernels/cuda/sums.cuh"
#include "kernels/reduce.hpp"

namespace fedscape::kernels {

namespace {

/// One thread per element.
__global__ void axpby_kernel(float a, const float* x, float b, float* y, std::int64_t n) {
  const std::int64_t i = element();
  if (i < n) y[i] = b == 0 ? a * x[i] : a * x[i] + b * y[i];
}

/// One thread per element.
template <class T>
__global__ void fill_kernel(T value, T* x, std::int64_t n) {
  const std::int64_t i = element();
  if (i < n) x[i] = value;
}

template <class T>
void fill_with(Stream& stream, T value, T* x, std::int64_t n) {
  if (n == 0) return;
  fill_kernel<<<blocks_for(n), kThreads, 0, queue(stream)>>>(value, x, n);
  CUDA_CHECK(cudaGetLastError());
}

/// One thread per element of out; blockIdx.y is its row.
__global__ void repeat_rows_kernel(const float* x, std::int64_t given, float* out, std::int64_t P) {
  const std::int64_t i = element(), m = blockIdx.y;
  if (i < P) out[m * P + i] = x[m % given * P + i];
}

/// Row k of the sums is the k-th number of ops::Moments.
struct MomentTerms {
  const float *x, *reference;
  __device__ double operator()(std::int64_t k, std::int64_t i) const {
    const auto value = static_cast<double>(x[i]);
    if (k == 0) return value;
    if (k == 1) return value * value;
    const float other = reference[i];
    const bool both = x[i] != 0 && other != 0;
    return both && (k == 3 || (x[i] > 0) == (other > 0)) ? 1.0 : 0.0;
  }
};

struct Product {
  const float *x, *y;
  __device__ double operator()(std::int64_t, std::int64_t i) const {
    return static_cast<double>(x[i]) * static_cast<double>(y[i]);
  }
};

/// The sums of `rows` kinds of terms, on the host.
template <class Term>
void host_sums(Stream& stream, const Term& term, std::int64_t n, int rows, double* sums) {
  if (n == 0) return;
  const ArenaScope scope(stream);
  const Tensor<double> on_device(stream, {rows});
  row_sums(stream, term, n, rows, on_device.data());
  copy_to_host(stream, sums, on_device.data(), sizeof(double) * static_cast<std::size_t>(rows));
}

}  // namespace

void axpby(Cuda, Stream& stream, float a, const float* x, float b, float* y, std::int64_t n) {
  if (n == 0) return;
  axpby_kernel<<<blocks_for(n), kThreads, 0, queue(stream)>>>(a, x, b, y, n);
  CUDA_CHECK(cudaGetLastError());
}

void fill(Cuda, Stream& stream, float value, float* x, std::int64_t n) { fill_with(stream, value, x, n); }
void fill(Cuda, Stream& stream, std::int64_t value, std::int64_t* x, std::int64_t n) { fill_with(stream, value, x, n); }

void repeat_rows(Cuda, Stream& stream, const float* x, std::int64_t given, float* out, std::int64_t rows,
                 std::int64_t P) {
  if (rows == 0 || P == 0) return;
  repeat_rows_kernel<<<blocks_for(P, rows), kThreads, 0, queue(stream)>>>(x, given, out, P);
  CUDA_CHECK(cudaGetLastError());
}

ops::Moments moments(Cuda, Stream& stream, const float* x, const float* reference, std::int64_t n) {
  double sums[4] = {};
  host_sums(stream, MomentTerms{x, reference}, n, reference ? 4 : 2, sums);
  return {.sum = sums[0], .squares = sums[1], .same_sign = sums[2], .compared = sums[3]};
}

double dot(Cuda, Stream& stream, const float* x, const float* y, std::int64_t n) {
  double sum = 0;
  host_sums(stream, Product{x, y}, n, 1, &sum);
  return sum;
}

}  // namespace fedscape::kernels
