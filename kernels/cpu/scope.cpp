#include "kernels/scope.hpp"

namespace fedscape::kernels {

namespace {

/// Both sums in one pass; element i goes to lane i % 16, so that their order depends on length only.
Scope scope_of_row(std::int64_t length, const float* w) {
  constexpr int kLanes = 16;
  double sums[kLanes] = {}, squares[kLanes] = {};
  const auto first = static_cast<double>(w[0]);
  const auto add = [&](std::int64_t i, int lane) {
    const double d = static_cast<double>(w[i]) - first;
    sums[lane] += d;
    squares[lane] += d * d;
  };
  std::int64_t i = 0;
  for (; i + kLanes <= length; i += kLanes)
    for (int lane = 0; lane < kLanes; ++lane) add(i + lane, lane);
  for (int lane = 0; i < length; ++i, ++lane) add(i, lane);
  double sum = 0, square = 0;
  for (int lane = 0; lane < kLanes; ++lane) sum += sums[lane], square += squares[lane];
  return scope_of(sum, square, length, w[0]);
}

}  // namespace

void scope_terms(Cpu, Stream&, ops::ScopeFusion fusion, std::int64_t length, Slot<const float> w, Slot<float> terms,
                 int models) {
  for (int m = 0; m < models; ++m) terms_of(fusion, scope_of_row(length, w.row(m)), terms.row(m));
}

void fused_scopes(Cpu, Stream&, ops::ScopeFusion fusion, const float* terms, float* scopes, std::int64_t layers) {
  for (std::int64_t l = 0; l < layers; ++l) fuse(fusion, terms + 2 * l, scopes + 2 * l);
}

void align_scope(Cpu, Stream&, ops::ScopeDivergence divergence, double weight, std::int64_t length, Slot<const float> w,
                 const float* target, float* loss, Slot<float> grads, int models) {
  if (target[1] == 0) return;
  const Scope goal{static_cast<double>(target[0]), static_cast<double>(target[1])};
  for (int m = 0; m < models; ++m) {
    const float* const weights = w.row(m);
    float* const gradient = grads.row(m);
    const Scope now = scope_of_row(length, weights);
    const ScopePull pull = pull_of(divergence, now, goal);
    const double each = weight / static_cast<double>(length);
    const auto shift = static_cast<float>(each * pull.shift), slope = static_cast<float>(each * pull.slope);
    const auto mean = static_cast<float>(now.mean);
#pragma omp simd
    for (std::int64_t i = 0; i < length; ++i) gradient[i] += shift + slope * (weights[i] - mean);
    loss[m] += static_cast<float>(weight * pull.loss);
  }
}

}  // namespace fedscape::kernels
