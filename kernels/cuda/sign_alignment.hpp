#pragma once

#include "kernels/cuda/add_losses.hpp"
#include "kernels/sign_alignment.hpp"

/// Bodies of ops/sign_alignment.hpp for a Grid.
namespace fedscape::kernels::on_grid {

/// A term of R, whose gradient is added on the way: each element of a row is asked for once.
struct SignTerms {
  ops::SignAlignment alignment;
  Slot<const float> w, wanted, reference;
  Slot<float> grads;
  FEDSCAPE_HOST_DEVICE double operator()(int m, int, std::int64_t i) const {
    const float weight = row_of(w, m)[i], s = wanted_sign(alignment, row_of(wanted, m)[i], row_of(reference, m)[i]);
    float& gradient = row_of(grads, m)[i];
    return static_cast<double>(alignment.kind == ops::SignAlignment::Kind::hinge
                                   ? hinge_term(alignment, weight, s, gradient)
                                   : logistic_term(alignment, weight, s, gradient));
  }
};

/// One thread per element.
struct SignOf {
  const float* x;
  float* out;
  FEDSCAPE_HOST_DEVICE void operator()(int, std::int64_t i) const { out[i] = sign_of(x[i]); }
};

template <class Grid>
void align_signs(const Grid& grid, const ops::SignAlignment& alignment, std::int64_t length, Slot<const float> w,
                 Slot<const float> wanted, Slot<const float> reference, float* loss, Slot<float> grads, int models) {
  add_losses(grid, SignTerms{alignment, w, wanted, reference, grads}, static_cast<double>(alignment.weight), length,
             loss, models);
}

template <class Grid>
void signs(const Grid& grid, const float* x, float* out, std::int64_t n) {
  grid.threads(n, 1, SignOf{x, out});
}

}  // namespace fedscape::kernels::on_grid
