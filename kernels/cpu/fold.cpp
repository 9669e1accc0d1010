#include "kernels/fold.hpp"

#include <cmath>

namespace fedscape::kernels {

void fold_batch_norm(Cpu, const Fold& f, std::int64_t filters, std::int64_t size) {
  for (std::int64_t o = 0; o < filters; ++o) {
    const double bias = f.bias ? f.bias[o] : 0.0;
    double s = 1.0, shifted = bias;
    if (f.mean) {
      s = (f.scale ? f.scale[o] : 1.0) / std::sqrt(static_cast<double>(f.variance[o]) + f.eps);
      shifted = (bias - f.mean[o]) * s + (f.shift ? f.shift[o] : 0.0);
    }
    if (f.map_scale) s *= f.map_scale[o], shifted *= f.map_scale[o];
    if (f.map_shift) shifted += f.map_shift[o];
    f.folded_bias[o] = static_cast<float>(shifted);
    for (std::int64_t i = o * size; i < (o + 1) * size; ++i) f.folded_w[i] = static_cast<float>(f.w[i] * s);
  }
}

}  // namespace fedscape::kernels
