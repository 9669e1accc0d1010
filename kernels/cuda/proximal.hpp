#pragma once

#include "kernels/cuda/add_losses.hpp"
#include "kernels/proximal.hpp"

/// Bodies of ops/proximal.hpp for a Grid.
namespace fedscape::kernels::on_grid {

/// A parameter's term, whose gradient is added on the way: each element of a row is asked for once.
struct ProximalTerms {
  ops::Proximal kind;
  float weight;
  Slot<const float> w, reference;
  Slot<float> grads;
  FEDSCAPE_HOST_DEVICE double operator()(int m, int, std::int64_t i) const {
    const float d = row_of(w, m)[i] - row_of(reference, m)[i];
    float& gradient = row_of(grads, m)[i];
    return kind == ops::Proximal::squared ? squared_term(d, weight, gradient) : smooth_l1_term(d, weight, gradient);
  }
};

template <class Grid>
void proximal(const Grid& grid, ops::Proximal kind, float weight, std::int64_t length, Slot<const float> w,
              Slot<const float> reference, float* loss, Slot<float> grads, int models) {
  add_losses(grid, ProximalTerms{kind, weight, w, reference, grads}, static_cast<double>(weight), length, loss, models);
}

}  // namespace fedscape::kernels::on_grid
