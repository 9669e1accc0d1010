#pragma once

#include "kernels/cuda/model_sums.hpp"
#include "kernels/feature_loss.hpp"

/// Bodies of ops/feature_loss.hpp for a Grid.
namespace fedscape::kernels::on_grid {

struct Contrast {
  int B, F;
  double weight, temperature;
  const float *x, *positive, *negative;
  float *loss, *dx;
  FEDSCAPE_HOST_DEVICE double operator()(int m, int n, int b) const {
    const std::int64_t at = (std::int64_t{m} * B + b) * F;
    return sample_contrast(x + at, positive + at, negative + at, temperature, weight / n, dx ? dx + at : nullptr, F);
  }
  FEDSCAPE_HOST_DEVICE void finish(int m, int n, double sum) const {
    if (n > 0) loss[m] += static_cast<float>(weight * sum / n);
  }
};

/// One block per model, as ModelSum; the bandwidth is known to all threads before the first kernel is evaluated.
struct MeanDiscrepancy {
  using Shared = BlockSums;
  const int* counts;
  int B, F;
  double weight;
  const float *x, *y;
  float *loss, *dx;
  template <class Block>
  FEDSCAPE_HOST_DEVICE void operator()(const Block& block, Shared& shared) const {
    const int m = block.model(), n = counts[m];
    const std::int64_t at = std::int64_t{m} * B * F;
    block.each_thread([&](int t) {
      double distances = 0;
      for (int i = t; i < n; i += kThreads) distances += distances_of(x + at, y + at, n, i, F);
      shared.sums[t] = distances;
    });
    add_tree(block, shared.sums);
    const double bandwidth = bandwidth_of(shared.sums[0], n), factor = weight / n / n;
    block.each_thread([](int) {});  // all have read it
    block.each_thread([&](int t) {
      double sum = 0;
      for (int i = t; i < n; i += kThreads)
        sum += discrepancy_of(x + at, y + at, n, i, bandwidth, factor, dx ? dx + at : nullptr, F);
      shared.sums[t] = sum;
    });
    add_tree(block, shared.sums);
    block.each_thread([&](int t) {
      if (t == 0 && n > 0) loss[m] += static_cast<float>(factor * shared.sums[0]);
    });
  }
};

struct PrototypeDistance {
  int B, F;
  double weight;
  const float* x;
  const std::int32_t* labels;
  const float *prototypes, *known;
  float *loss, *dx;
  FEDSCAPE_HOST_DEVICE double operator()(int m, int n, int b) const {
    const std::int64_t sample = std::int64_t{m} * B + b, label = labels[sample], at = sample * F;
    if (known[label] == 0) return 0;
    return sample_distance(x + at, prototypes + label * F, weight / n / F, dx ? dx + at : nullptr, F);
  }
  FEDSCAPE_HOST_DEVICE void finish(int m, int n, double sum) const {
    if (n > 0) loss[m] += static_cast<float>(weight / n / F * sum);
  }
};

template <class Grid>
void contrast(const Grid& grid, const Batch& batch, double weight, double temperature, const float* x,
              const float* positive, const float* negative, float* loss, float* dx, int F) {
  model_sums(grid, batch, Contrast{batch.size, F, weight, temperature, x, positive, negative, loss, dx});
}

template <class Grid>
void mean_discrepancy(const Grid& grid, const Batch& batch, double weight, const float* x, const float* y, float* loss,
                      float* dx, int F) {
  const ArenaScope scope(grid.stream());
  const View<const int> counts = upload_counts(grid, batch);
  grid.blocks(1, batch.models, MeanDiscrepancy{counts.data, batch.size, F, weight, x, y, loss, dx});
}

template <class Grid>
void prototype_distance(const Grid& grid, const Batch& batch, double weight, const float* x, const std::int32_t* labels,
                        const float* prototypes, const float* known, float* loss, float* dx, int F) {
  model_sums(grid, batch, PrototypeDistance{batch.size, F, weight, x, labels, prototypes, known, loss, dx});
}

}  // namespace fedscape::kernels::on_grid
