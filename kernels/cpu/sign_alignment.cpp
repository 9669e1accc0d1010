#include "kernels/sign_alignment.hpp"

#include "kernels/cpu/lanes.hpp"

namespace fedscape::kernels {

namespace {

/// Adds up the terms of one model's parameters.
template <class Term>
double add_row(const ops::SignAlignment& alignment, std::int64_t length, const float* w, const float* wanted,
               const float* reference, float* grads, Term term) {
  return sum_in_lanes(length, [=](std::int64_t i) {
    return static_cast<double>(term(alignment, w[i], wanted_sign(alignment, wanted[i], reference[i]), grads[i]));
  });
}

/// As objects, so that each is inlined into its loop.
constexpr auto hinge = [](const auto& alignment, float w, float s, float& gradient) {
  return hinge_term(alignment, w, s, gradient);
};
constexpr auto logistic = [](const auto& alignment, float w, float s, float& gradient) {
  return logistic_term(alignment, w, s, gradient);
};

}  // namespace

void align_signs(Cpu, Stream&, const ops::SignAlignment& alignment, std::int64_t length, Slot<const float> w,
                 Slot<const float> wanted, Slot<const float> reference, float* loss, Slot<float> grads, int models) {
  for (int m = 0; m < models; ++m) {
    const auto add = [&](auto term) {
      return add_row(alignment, length, w.row(m), wanted.row(m), reference.row(m), grads.row(m), term);
    };
    const double sum = alignment.kind == ops::SignAlignment::Kind::hinge ? add(hinge) : add(logistic);
    loss[m] += static_cast<float>(static_cast<double>(alignment.weight) * sum);
  }
}

void signs(Cpu, Stream&, const float* x, float* out, std::int64_t n) {
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) out[i] = sign_of(x[i]);
}

}  // namespace fedscape::kernels
