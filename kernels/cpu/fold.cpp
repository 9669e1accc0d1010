#include "kernels/fold.hpp"

namespace fedscape::kernels {

void fold_batch_norm(Cpu, Stream&, const Fold& f, int models, std::int64_t filters, std::int64_t size) {
  for (int m = 0; m < models; ++m) {
    const float* const w = f.w.row(m);
    float* const folded = f.folded_w.row(m);
    for (std::int64_t o = 0; o < filters; ++o) {
      const auto [s, bias] = folded_filter(f, m, o);
      f.folded_bias.row(m)[o] = static_cast<float>(bias);
      for (std::int64_t i = o * size; i < (o + 1) * size; ++i) folded[i] = static_cast<float>(w[i] * s);
    }
  }
}

}  // namespace fedscape::kernels
