#pragma once

#include "kernels/cuda/sums.hpp"

namespace fedscape::kernels {

/// One thread per model.
struct AddLoss {
  double weight;
  const double* sums;
  float* loss;
  FEDSCAPE_HOST_DEVICE void operator()(int, std::int64_t m) const { loss[m] += static_cast<float>(weight * sums[m]); }
};

/// loss[m] += weight * sum over i < length of term(m, 0, i).
template <class Grid, class Term>
void add_losses(const Grid& grid, const Term& term, double weight, std::int64_t length, float* loss, int models) {
  if (length == 0 || models == 0) return;
  const ArenaScope scope(grid.stream());
  const Tensor<double> sums(grid.stream(), {models});
  row_sums(grid, term, length, models, 1, sums.data());
  grid.threads(models, 1, AddLoss{weight, sums.data(), loss});
}

}  // namespace fedscape::kernels
