#include "kernels/sign_alignment.hpp"

#include "kernels/cpu/lanes.hpp"

namespace fedscape::kernels {

void align_signs(Cpu, Stream&, const ops::SignAlignment& alignment, std::int64_t length, Slot<const float> w,
                 Slot<const float> wanted, Slot<const float> reference, float* loss, Slot<float> grads, int models) {
  for (int m = 0; m < models; ++m) {
    const float *const ws = w.row(m), *const wants = wanted.row(m), *const references = reference.row(m);
    float* const gs = grads.row(m);
    const double sum = sum_in_lanes(length, [&](std::int64_t i) {
      float gradient;
      const float term = sign_term(alignment, ws[i], wants[i], references[i], gradient);
      gs[i] += alignment.weight * gradient;
      return static_cast<double>(term);
    });
    loss[m] += static_cast<float>(static_cast<double>(alignment.weight) * sum);
  }
}

void signs(Cpu, Stream&, const float* x, float* out, std::int64_t n) {
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) out[i] = sign_of(x[i]);
}

}  // namespace fedscape::kernels
