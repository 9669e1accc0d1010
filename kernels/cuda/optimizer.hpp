#pragma once

#include "kernels/cuda/sums.hpp"
#include "kernels/optimizer.hpp"

/// Bodies of ops/optimizer.hpp for a Grid.
namespace fedscape::kernels::on_grid {

/// One thread per parameter.
struct SgdParameter {
  const ops::Sgd* rates;
  Slot<const float> grads;
  Slot<float> params, velocity;
  FEDSCAPE_HOST_DEVICE void operator()(int m, std::int64_t i) const {
    sgd_element(*rates, row_of(grads, m)[i], row_of(params, m)[i], velocity.data ? row_of(velocity, m) + i : nullptr);
  }
};

/// One thread per parameter.
struct AdamParameter {
  const ops::AdamRates* rates;
  Slot<const float> grads;
  Slot<float> params, first, second;
  FEDSCAPE_HOST_DEVICE void operator()(int m, std::int64_t i) const {
    adam_element(*rates, row_of(grads, m)[i], row_of(params, m)[i], row_of(first, m)[i], row_of(second, m)[i]);
  }
};

struct Square {
  const float* rows;
  std::int64_t P;
  FEDSCAPE_HOST_DEVICE double operator()(int m, int, std::int64_t i) const {
    const auto x = static_cast<double>(rows[m * P + i]);
    return x * x;
  }
};

/// One thread per gradient.
struct ClipGradient {
  const double* squares;
  float max_norm;
  float* grads;
  std::int64_t P;
  FEDSCAPE_HOST_DEVICE void operator()(int m, std::int64_t i) const {
    grads[m * P + i] *= clip_factor(squares[m], max_norm);
  }
};

/// One thread per parameter.
struct AscendParameter {
  const double* squares;
  float rho;
  const float* grads;
  float* point;
  std::int64_t P;
  FEDSCAPE_HOST_DEVICE void operator()(int m, std::int64_t i) const {
    point[m * P + i] += ascent_factor(squares[m], rho) * grads[m * P + i];
  }
};

template <class Grid>
void sgd(const Grid& grid, const ops::Sgd& rates, int active, std::int64_t length, Slot<const float> grads,
         Slot<float> params, Slot<float> velocity) {
  const ArenaScope scope(grid.stream());
  grid.threads(length, active, SgdParameter{grid.upload(&rates, 1).data, grads, params, velocity});
}

template <class Grid>
void adam(const Grid& grid, const ops::AdamRates& rates, int active, std::int64_t length, Slot<const float> grads,
          Slot<float> params, Slot<float> first, Slot<float> second) {
  const ArenaScope scope(grid.stream());
  grid.threads(length, active, AdamParameter{grid.upload(&rates, 1).data, grads, params, first, second});
}

template <class Grid>
void clip_rows(const Grid& grid, float max_norm, int active, float* grads, std::int64_t P) {
  const ArenaScope scope(grid.stream());
  const Tensor<double> squares(grid.stream(), {active});
  row_sums(grid, Square{grads, P}, P, active, 1, squares.data());
  grid.threads(P, active, ClipGradient{squares.data(), max_norm, grads, P});
}

template <class Grid>
void ascend_rows(const Grid& grid, float rho, int models, const float* grads, float* point, std::int64_t P) {
  const ArenaScope scope(grid.stream());
  const Tensor<double> squares(grid.stream(), {models});
  row_sums(grid, Square{grads, P}, P, models, 1, squares.data());
  grid.threads(P, models, AscendParameter{squares.data(), rho, grads, point, P});
}

}  // namespace fedscape::kernels::on_grid
