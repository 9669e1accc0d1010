#include "kernels/loss.hpp"

namespace fedscape::kernels {

void softmax_cross_entropy(Cpu, Stream&, const Batch& batch, const float* logits, const std::int32_t* labels,
                           float* loss, float* dlogits, int C) {
  for (int m = 0; m < batch.models; ++m) {
    const int count = batch.count(m);
    const float scale = 1.0f / static_cast<float>(count > 0 ? count : 1);
    double sum = 0;
    for (int b = 0; b < count; ++b) {
      const std::int64_t sample = std::int64_t{m} * batch.size + b;
      sum += sample_cross_entropy(logits + sample * C, labels[sample], scale, dlogits + sample * C, C);
    }
    loss[m] = static_cast<float>(count > 0 ? sum / count : 0.0);
  }
}

void squared_error(Cpu, Stream&, const Batch& batch, const float* logits, const std::int32_t* labels, float* loss,
                   float* dlogits, int C) {
  for (int m = 0; m < batch.models; ++m) {
    const int count = batch.count(m);
    const double terms = static_cast<double>(count > 0 ? count : 1) * C;
    double sum = 0;
    for (int b = 0; b < count; ++b) {
      const std::int64_t sample = std::int64_t{m} * batch.size + b;
      sum += sample_squared_error(logits + sample * C, labels[sample], static_cast<float>(1 / terms),
                                  dlogits + sample * C, C);
    }
    loss[m] = static_cast<float>(sum / terms);
  }
}

void score(Cpu, Stream&, const Batch& batch, const float* logits, const std::int32_t* labels, bool labels_shared,
           ops::Score* scores, int C) {
  for (int m = 0; m < batch.models; ++m) {
    const std::int64_t first = std::int64_t{m} * batch.size;
    ops::Score total;
    for (int b = 0; b < batch.count(m); ++b)
      accumulate(sample_score(logits + (first + b) * C, labels[(labels_shared ? 0 : first) + b], C), total);
    scores[m] = total;
  }
}

}  // namespace fedscape::kernels
