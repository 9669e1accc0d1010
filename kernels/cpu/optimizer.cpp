#include "kernels/optimizer.hpp"

#include "fedscape/device/team.hpp"
#include "kernels/cpu/lanes.hpp"

namespace fedscape::kernels {

namespace {

/// The loop once for each form, so that nothing is decided per element.
template <bool kMomentum, bool kNesterov, bool kFirst>
void sgd_row(ops::Sgd rates, std::int64_t length, const float* grads, float* params, float* velocity) {
  rates.nesterov = kNesterov;
  rates.first = kFirst;
#pragma omp simd
  for (std::int64_t i = 0; i < length; ++i) sgd_element(rates, grads[i], params[i], kMomentum ? velocity + i : nullptr);
}

using SgdRow = void (*)(ops::Sgd, std::int64_t, const float*, float*, float*);
SgdRow sgd_row_for(const ops::Sgd& rates, bool momentum) {
  if (!momentum) return sgd_row<false, false, false>;
  if (rates.nesterov) return rates.first ? sgd_row<true, true, true> : sgd_row<true, true, false>;
  return rates.first ? sgd_row<true, false, true> : sgd_row<true, false, false>;
}

double squared_norm(const float* row, std::int64_t P) {
  return sum_in_lanes(P, [row](std::int64_t i) { return static_cast<double>(row[i]) * static_cast<double>(row[i]); });
}

}  // namespace

void sgd(Cpu, Stream& stream, const ops::Sgd& rates, int active, std::int64_t length, Slot<const float> grads,
         Slot<float> params, Slot<float> velocity) {
  const SgdRow step_row = sgd_row_for(rates, velocity.data != nullptr);
  for (int m = 0; m < active; ++m)
    share_range(stream, length, kLeastElements, [&](Stream&, std::int64_t begin, std::int64_t end) {
      float* const moved = velocity.data ? velocity.row(m) + begin : nullptr;
      step_row(rates, end - begin, grads.row(m) + begin, params.row(m) + begin, moved);
    });
}

void adam(Cpu, Stream& stream, const ops::AdamRates& given, int active, std::int64_t length, Slot<const float> grads,
          Slot<float> params, Slot<float> first, Slot<float> second) {
  const ops::AdamRates rates = given;  // a copy that the stores below cannot change
  for (int m = 0; m < active; ++m) {
    const float* const g = grads.row(m);
    float *const w = params.row(m), *const one = first.row(m), *const two = second.row(m);
    share_range(stream, length, kLeastElements, [&](Stream&, std::int64_t begin, std::int64_t end) {
#pragma omp simd
      for (std::int64_t i = begin; i < end; ++i) adam_element(rates, g[i], w[i], one[i], two[i]);
    });
  }
}

void clip_rows(Cpu, Stream&, float max_norm, int active, float* grads, std::int64_t P) {
  for (int m = 0; m < active; ++m) {
    float* const row = grads + m * P;
    const float factor = clip_factor(squared_norm(row, P), max_norm);
    if (factor == 1.0f) continue;
    for (std::int64_t i = 0; i < P; ++i) row[i] *= factor;
  }
}

void ascend_rows(Cpu, Stream&, float rho, int models, const float* grads, float* point, std::int64_t P) {
  for (int m = 0; m < models; ++m) {
    const float* const row = grads + m * P;
    float* const to = point + m * P;
    const float factor = ascent_factor(squared_norm(row, P), rho);
#pragma omp simd
    for (std::int64_t i = 0; i < P; ++i) to[i] += factor * row[i];
  }
}

}  // namespace fedscape::kernels
