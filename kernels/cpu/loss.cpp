#include "kernels/loss.hpp"

namespace fedscape::kernels {

namespace {

/// sample(m, logits, label, scale of the gradient, dlogits) is the loss of one sample, a sum of `terms` terms.
template <class Sample>
void loss_and_gradient(const Batch& batch, const float* logits, const std::int32_t* labels, float* loss, float* dlogits,
                       int C, double terms, Sample&& sample) {
  for (int m = 0; m < batch.models; ++m) {
    const int count = batch.count(m);
    const double all = static_cast<double>(count > 0 ? count : 1) * terms;
    double sum = 0;
    for (int b = 0; b < count; ++b) {
      const std::int64_t at = std::int64_t{m} * batch.size + b;
      sum += sample(m, logits + at * C, labels[at], static_cast<float>(1 / all), dlogits + at * C);
    }
    loss[m] = static_cast<float>(sum / all);
  }
}

}  // namespace

void softmax_cross_entropy(Cpu, Stream&, const Batch& batch, const float* logits, const std::int32_t* labels,
                           float* loss, float* dlogits, int C) {
  loss_and_gradient(batch, logits, labels, loss, dlogits, C, 1,
                    [=](int, const float* z, int label, float scale, float* dz) {
                      return sample_cross_entropy(z, label, scale, dz, C);
                    });
}

void adjusted_cross_entropy(Cpu, Stream&, const Batch& batch, const float* logits, const std::int32_t* labels,
                            const float* scale, const float* shift, float* loss, float* dlogits, int C) {
  loss_and_gradient(batch, logits, labels, loss, dlogits, C, 1,
                    [=](int m, const float* z, int label, float factor, float* dz) {
                      const std::int64_t row = std::int64_t{m} * C;
                      return sample_adjusted_cross_entropy(z, label, scale ? scale + row : nullptr,
                                                           shift ? shift + row : nullptr, factor, dz, C);
                    });
}

void squared_error(Cpu, Stream&, const Batch& batch, const float* logits, const std::int32_t* labels, float* loss,
                   float* dlogits, int C) {
  loss_and_gradient(batch, logits, labels, loss, dlogits, C, C,
                    [=](int, const float* z, int label, float scale, float* dz) {
                      return sample_squared_error(z, label, scale, dz, C);
                    });
}

void soft_cross_entropy(Cpu, Stream&, const Batch& batch, double weight, const float* logits, const float* targets,
                        float* loss, float* dlogits, int C) {
  for (int m = 0; m < batch.models; ++m) {
    const int count = batch.count(m);
    double sum = 0;
    for (int b = 0; b < count; ++b) {
      const std::int64_t at = (std::int64_t{m} * batch.size + b) * C;
      sum += sample_soft_cross_entropy(logits + at, targets + at, weight / count, dlogits + at, C);
    }
    if (count > 0) loss[m] += static_cast<float>(weight * sum / count);
  }
}

void softmax(Cpu, Stream&, const Batch& batch, double temperature, const float* logits, float* p, int C) {
  for (int m = 0; m < batch.models; ++m)
    for (int b = 0; b < batch.count(m); ++b) {
      const std::int64_t at = (std::int64_t{m} * batch.size + b) * C;
      sample_softmax(logits + at, temperature, p + at, C);
    }
}

void add_scores(Cpu, Stream&, const Batch& batch, const float* logits, const std::int32_t* labels, bool labels_shared,
                ops::Score* scores, int C) {
  for (int m = 0; m < batch.models; ++m) {
    const std::int64_t first = std::int64_t{m} * batch.size;
    ops::Score total;
    for (int b = 0; b < batch.count(m); ++b)
      accumulate(sample_score(logits + (first + b) * C, labels[(labels_shared ? 0 : first) + b], C), total);
    accumulate(total, scores[m]);
  }
}

void predict(Cpu, Stream&, const Batch& batch, const float* logits, std::int32_t* classes, int C) {
  for (int m = 0; m < batch.models; ++m)
    for (int b = 0; b < batch.count(m); ++b) {
      const std::int64_t at = std::int64_t{m} * batch.size + b;
      classes[at] = sample_class(logits + at * C, C);
    }
}

}  // namespace fedscape::kernels
