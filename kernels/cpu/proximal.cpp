#include "kernels/proximal.hpp"

#include <array>

namespace fedscape::kernels {

namespace {

constexpr std::int64_t kLanes = 16;  // independent sums, so that the loop vectorises in a fixed order

/// sum h(d), and grads += weight * h'(d).
template <class Term>
double add_row(std::int64_t length, float weight, const float* w, const float* reference, float* grads, Term term) {
  std::array<double, kLanes> lanes{};
  std::int64_t i = 0;
  for (; i + kLanes <= length; i += kLanes)
    for (std::int64_t k = 0; k < kLanes; ++k) {
      const float d = w[i + k] - reference[i + k];
      lanes[static_cast<std::size_t>(k)] += term(d, weight, grads[i + k]);
    }
  for (std::int64_t k = 0; i + k < length; ++k) {
    const float d = w[i + k] - reference[i + k];
    lanes[static_cast<std::size_t>(k)] += term(d, weight, grads[i + k]);
  }
  double sum = 0;
  for (const double lane : lanes) sum += lane;
  return sum;
}

}  // namespace

void proximal(Cpu, Stream&, ops::Proximal kind, float weight, std::int64_t length, Slot<const float> w,
              Slot<const float> reference, float* loss, Slot<float> grads, int models) {
  for (int m = 0; m < models; ++m) {
    const auto add = [&](auto term) { return add_row(length, weight, w.row(m), reference.row(m), grads.row(m), term); };
    const double sum = kind == ops::Proximal::squared ? add(squared_term) : add(smooth_l1_term);
    loss[m] += static_cast<float>(static_cast<double>(weight) * sum);
  }
}

}  // namespace fedscape::kernels
