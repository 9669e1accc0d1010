#include "kernels/cuda/sums.cuh"
#include "kernels/sign_alignment.hpp"

namespace fedscape::kernels {

namespace {

/// A term of R, whose gradient is added on the way: each element of a row is asked for once.
struct SignTerms {
  ops::SignAlignment alignment;
  Slot<const float> w, wanted, reference;
  Slot<float> grads;
  __device__ double operator()(std::int64_t m, std::int64_t i) const {
    const float weight = w.data[m * w.stride + i];
    const float s =
        wanted_sign(alignment, wanted.data[m * wanted.stride + i], reference.data[m * reference.stride + i]);
    float& gradient = grads.data[m * grads.stride + i];
    return static_cast<double>(alignment.kind == ops::SignAlignment::Kind::hinge
                                   ? hinge_term(alignment, weight, s, gradient)
                                   : logistic_term(alignment, weight, s, gradient));
  }
};

/// One thread per model.
__global__ void add_sums_kernel(double weight, const double* sums, float* loss, int models) {
  const std::int64_t m = element();
  if (m < models) loss[m] += static_cast<float>(weight * sums[m]);
}

/// One thread per element.
__global__ void signs_kernel(const float* x, float* out, std::int64_t n) {
  const std::int64_t i = element();
  if (i < n) out[i] = sign_of(x[i]);
}

}  // namespace

void align_signs(Cuda, Stream& stream, const ops::SignAlignment& alignment, std::int64_t length, Slot<const float> w,
                 Slot<const float> wanted, Slot<const float> reference, float* loss, Slot<float> grads, int models) {
  if (length == 0 || models == 0) return;
  const ArenaScope scope(stream);
  const Tensor<double> sums(stream, {models});
  row_sums(stream, SignTerms{alignment, w, wanted, reference, grads}, length, models, sums.data());
  add_sums_kernel<<<blocks_for(models), kThreads, 0, queue(stream)>>>(static_cast<double>(alignment.weight),
                                                                      sums.data(), loss, models);
  CUDA_CHECK(cudaGetLastError());
}

void signs(Cuda, Stream& stream, const float* x, float* out, std::int64_t n) {
  if (n == 0) return;
  signs_kernel<<<blocks_for(n), kThreads, 0, queue(stream)>>>(x, out, n);
  CUDA_CHECK(cudaGetLastError());
}

}  // namespace fedscape::kernels
