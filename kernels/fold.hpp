#pragma once

#include <cmath>
#include <cstdint>

#include "fedscape/base/host_device.hpp"
#include "kernels/backend.hpp"
#include "kernels/rows.hpp"

namespace fedscape::kernels {

/// Absent parts have data null. The map [filters] is one for all models; the ops have it in host memory.
struct Fold {
  float eps;
  Slot<const float> mean, variance, scale, shift;
  const float *map_scale, *map_shift;
  Slot<const float> w, bias;
  Slot<float> folded_w, folded_bias;
};
FEDSCAPE_KERNEL(void, fold_batch_norm, Stream& stream, const Fold& fold, int models, std::int64_t filters,
                std::int64_t size);

/// What a filter's weights are multiplied by, and its bias behind the norm and the map.
struct FoldedFilter {
  double factor, bias;
};
FEDSCAPE_HOST_DEVICE inline FoldedFilter folded_filter(const Fold& f, std::int64_t m, std::int64_t o) {
  const double bias = f.bias.data ? row_of(f.bias, m)[o] : 0.0;
  double s = 1.0, shifted = bias;
  if (f.mean.data) {
    s = (f.scale.data ? row_of(f.scale, m)[o] : 1.0) / std::sqrt(static_cast<double>(row_of(f.variance, m)[o]) + f.eps);
    shifted = (bias - row_of(f.mean, m)[o]) * s + (f.shift.data ? row_of(f.shift, m)[o] : 0.0);
  }
  if (f.map_scale) s *= f.map_scale[o], shifted *= f.map_scale[o];
  if (f.map_shift) shifted += f.map_shift[o];
  return {s, shifted};
}

}  // namespace fedscape::kernels
