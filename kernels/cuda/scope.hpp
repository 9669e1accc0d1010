#pragma once

#include "kernels/cuda/sums.hpp"
#include "kernels/scope.hpp"

/// Bodies of ops/scope.hpp for a Grid.
namespace fedscape::kernels::on_grid {

/// The sums of d and of d^2 over a model's weights.
struct ScopeTerms {
  Slot<const float> w;
  FEDSCAPE_HOST_DEVICE double operator()(int m, int k, std::int64_t i) const {
    const float* const weights = row_of(w, m);
    const double d = static_cast<double>(weights[i]) - static_cast<double>(weights[0]);
    return k == 0 ? d : d * d;
  }
};

/// The scopes of all models, from these sums.
struct ModelScopes {
  const double* sums;
  std::int64_t length;
  Slot<const float> w;
  FEDSCAPE_HOST_DEVICE Scope of(std::int64_t m) const {
    return scope_of(sums[2 * m], sums[2 * m + 1], length, row_of(w, m)[0]);
  }
};

/// One thread per model.
struct TermsOfScope {
  ops::ScopeFusion fusion;
  ModelScopes scopes;
  Slot<float> terms;
  FEDSCAPE_HOST_DEVICE void operator()(int, std::int64_t m) const { terms_of(fusion, scopes.of(m), row_of(terms, m)); }
};

/// One thread per layer.
struct FuseLayer {
  ops::ScopeFusion fusion;
  const float* terms;
  float* scopes;
  FEDSCAPE_HOST_DEVICE void operator()(int, std::int64_t l) const { fuse(fusion, terms + 2 * l, scopes + 2 * l); }
};

/// One thread per weight.
struct AlignWeight {
  ops::ScopeDivergence divergence;
  double weight;
  ModelScopes scopes;
  const float* target;
  float* loss;
  Slot<float> grads;
  FEDSCAPE_HOST_DEVICE void operator()(int m, std::int64_t i) const {
    if (target[1] == 0) return;
    const Scope now = scopes.of(m);
    const ScopePull pull = pull_of(divergence, now, {static_cast<double>(target[0]), static_cast<double>(target[1])});
    const double each = weight / static_cast<double>(scopes.length);
    const auto shift = static_cast<float>(each * pull.shift), slope = static_cast<float>(each * pull.slope);
    row_of(grads, m)[i] += shift + slope * (row_of(scopes.w, m)[i] - static_cast<float>(now.mean));
    if (i == 0) loss[m] += static_cast<float>(weight * pull.loss);
  }
};

template <class Grid>
void scope_terms(const Grid& grid, ops::ScopeFusion fusion, std::int64_t length, Slot<const float> w, Slot<float> terms,
                 int models) {
  const ArenaScope scope(grid.stream());
  const Tensor<double> sums(grid.stream(), {models, 2});
  row_sums(grid, ScopeTerms{w}, length, models, 2, sums.data());
  grid.threads(models, 1, TermsOfScope{fusion, {sums.data(), length, w}, terms});
}

template <class Grid>
void fused_scopes(const Grid& grid, ops::ScopeFusion fusion, const float* terms, float* scopes, std::int64_t layers) {
  grid.threads(layers, 1, FuseLayer{fusion, terms, scopes});
}

template <class Grid>
void align_scope(const Grid& grid, ops::ScopeDivergence divergence, double weight, std::int64_t length,
                 Slot<const float> w, const float* target, float* loss, Slot<float> grads, int models) {
  const ArenaScope scope(grid.stream());
  const Tensor<double> sums(grid.stream(), {models, 2});
  row_sums(grid, ScopeTerms{w}, length, models, 2, sums.data());
  grid.threads(length, models, AlignWeight{divergence, weight, {sums.data(), length, w}, target, loss, grads});
}

}  // namespace fedscape::kernels::on_grid
