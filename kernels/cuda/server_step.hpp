#pragma once

#include "kernels/cuda/grid.hpp"
#include "kernels/server_step.hpp"

/// Bodies of ops/server_step.hpp for a Grid.
namespace fedscape::kernels::on_grid {

struct ServerElement {
  ops::ServerStep rates;
  const float* d;
  float *m, *v, *x;
  FEDSCAPE_HOST_DEVICE void operator()(int, std::int64_t i) const {
    if (rates.kind == ops::ServerStep::Kind::momentum)
      momentum_element(rates, d[i], m[i], x[i]);
    else
      adaptive_element(rates, d[i], m[i], v[i], x[i]);
  }
};

template <class Grid>
void server_step(const Grid& grid, const ops::ServerStep& rates, const float* d, float* m, float* v, float* x,
                 std::int64_t n) {
  grid.threads(n, 1, ServerElement{rates, d, m, v, x});
}

}  // namespace fedscape::kernels::on_grid
