#pragma once

#include <cstdint>

#include "kernels/backend.hpp"

namespace fedscape::kernels {

/// One model; the pointers of an absent norm, map, scale, shift or bias are null.
struct Fold {
  float eps;
  const float *mean, *variance, *scale, *shift, *map_scale, *map_shift, *w, *bias;
  float *folded_w, *folded_bias;
};
void fold_batch_norm(Cpu, const Fold &fold, std::int64_t filters, std::int64_t size);

}  // namespace fedscape::kernels
