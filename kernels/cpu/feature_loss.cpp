#include "kernels/feature_loss.hpp"

namespace fedscape::kernels {

void contrast(Cpu, Stream&, const Batch& batch, double weight, double temperature, const float* x,
              const float* positive, const float* negative, float* loss, float* dx, int F) {
  for (int m = 0; m < batch.models; ++m) {
    const int n = batch.count(m);
    if (n == 0) continue;
    double sum = 0;
    for (int b = 0; b < n; ++b) {
      const std::int64_t at = (std::int64_t{m} * batch.size + b) * F;
      sum += sample_contrast(x + at, positive + at, negative + at, temperature, weight / n, dx ? dx + at : nullptr, F);
    }
    loss[m] += static_cast<float>(weight * sum / n);
  }
}

void mean_discrepancy(Cpu, Stream&, const Batch& batch, double weight, const float* x, const float* y, float* loss,
                      float* dx, int F) {
  for (int m = 0; m < batch.models; ++m) {
    const int n = batch.count(m);
    if (n == 0) continue;
    const std::int64_t at = std::int64_t{m} * batch.size * F;
    double distances = 0, sum = 0;
    for (int i = 0; i < n; ++i) distances += distances_of(x + at, y + at, n, i, F);
    const double bandwidth = bandwidth_of(distances, n), factor = weight / n / n;
    for (int i = 0; i < n; ++i)
      sum += discrepancy_of(x + at, y + at, n, i, bandwidth, factor, dx ? dx + at : nullptr, F);
    loss[m] += static_cast<float>(factor * sum);
  }
}

void prototype_distance(Cpu, Stream&, const Batch& batch, double weight, const float* x, const std::int32_t* labels,
                        const float* prototypes, const float* known, float* loss, float* dx, int F) {
  for (int m = 0; m < batch.models; ++m) {
    const int n = batch.count(m);
    if (n == 0) continue;
    const double factor = weight / n / F;
    double sum = 0;
    for (int b = 0; b < n; ++b) {
      const std::int64_t sample = std::int64_t{m} * batch.size + b, label = labels[sample], at = sample * F;
      if (known[label] != 0) sum += sample_distance(x + at, prototypes + label * F, factor, dx ? dx + at : nullptr, F);
    }
    loss[m] += static_cast<float>(factor * sum);
  }
}

}  // namespace fedscape::kernels
