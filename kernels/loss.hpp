#pragma once

#include <cmath>
#include <cstdint>

#include "fedscape/base/host_device.hpp"
#include "fedscape/ops/loss.hpp"
#include "kernels/backend.hpp"

namespace fedscape::kernels {

FEDSCAPE_KERNEL(void, softmax_cross_entropy, Stream& stream, const Batch& batch, const float* logits,
                const std::int32_t* labels, float* loss, float* dlogits, int C);
/// scale and shift may be null.
FEDSCAPE_KERNEL(void, adjusted_cross_entropy, Stream& stream, const Batch& batch, const float* logits,
                const std::int32_t* labels, const float* scale, const float* shift, float* loss, float* dlogits, int C);
FEDSCAPE_KERNEL(void, squared_error, Stream& stream, const Batch& batch, const float* logits,
                const std::int32_t* labels, float* loss, float* dlogits, int C);
FEDSCAPE_KERNEL(void, soft_cross_entropy, Stream& stream, const Batch& batch, double weight, const float* logits,
                const float* targets, float* loss, float* dlogits, int C);
FEDSCAPE_KERNEL(void, softmax, Stream& stream, const Batch& batch, double temperature, const float* logits, float* p,
                int C);
FEDSCAPE_KERNEL(void, add_scores, Stream& stream, const Batch& batch, const float* logits, const std::int32_t* labels,
                bool labels_shared, ops::Score* scores, int C);
FEDSCAPE_KERNEL(void, predict, Stream& stream, const Batch& batch, const float* logits, std::int32_t* classes, int C);

/// The largest of z [C], subtracted so that exp never overflows. A NaN among z need not be it, but makes the sum NaN.
FEDSCAPE_HOST_DEVICE inline float peak_of(const float* z, int C) {
  float peak = z[0];
  for (int c = 1; c < C; ++c) peak = z[c] > peak ? z[c] : peak;
  return peak;
}

/// Cross-entropy of one sample and `scale` times its gradient; dz may alias z.
FEDSCAPE_HOST_DEVICE inline double sample_cross_entropy(const float* z, int label, float scale, float* dz, int C) {
  const float peak = peak_of(z, C), at_label = z[label];
  double sum = 0;
  for (int c = 0; c < C; ++c) {
    const float e = std::exp(z[c] - peak);
    dz[c] = e;
    sum += static_cast<double>(e);
  }
  const auto inverse = static_cast<float>(1 / sum);
  for (int c = 0; c < C; ++c) dz[c] = (dz[c] * inverse - (c == label ? 1.0f : 0.0f)) * scale;
  return std::log(sum) - (static_cast<double>(at_label) - static_cast<double>(peak));
}

/// The same of scale * z + shift, either of which may be null; `factor` times its gradient at z.
FEDSCAPE_HOST_DEVICE inline double sample_adjusted_cross_entropy(const float* z, int label, const float* scale,
                                                                 const float* shift, float factor, float* dz, int C) {
  for (int c = 0; c < C; ++c) dz[c] = (scale ? scale[c] : 1.0f) * z[c] + (shift ? shift[c] : 0.0f);
  const double loss = sample_cross_entropy(dz, label, factor, dz, C);
  for (int c = 0; scale && c < C; ++c) dz[c] *= scale[c];
  return loss;
}

/// Sum over classes of (z - one-hot)^2 of one sample and `scale` times 2 (z - one-hot); dz may alias z.
FEDSCAPE_HOST_DEVICE inline double sample_squared_error(const float* z, int label, float scale, float* dz, int C) {
  double sum = 0;
  for (int c = 0; c < C; ++c) {
    const float error = z[c] - (c == label ? 1.0f : 0.0f);
    sum += static_cast<double>(error) * static_cast<double>(error);
    dz[c] = 2 * error * scale;
  }
  return sum;
}

/// Cross-entropy of one sample with the soft label t [C], and `factor` times its gradient added to dz.
FEDSCAPE_HOST_DEVICE inline double sample_soft_cross_entropy(const float* z, const float* t, double factor, float* dz,
                                                             int C) {
  const float peak = peak_of(z, C);
  double sum = 0, mass = 0, at_label = 0;
  for (int c = 0; c < C; ++c) {
    sum += static_cast<double>(std::exp(z[c] - peak));
    mass += static_cast<double>(t[c]);
    at_label += static_cast<double>(t[c]) * (static_cast<double>(z[c]) - static_cast<double>(peak));
  }
  for (int c = 0; c < C; ++c)
    dz[c] += static_cast<float>(factor *
                                (mass / sum * static_cast<double>(std::exp(z[c] - peak)) - static_cast<double>(t[c])));
  return mass * std::log(sum) - at_label;
}

/// softmax(z / temperature) of one sample; p may alias z.
FEDSCAPE_HOST_DEVICE inline void sample_softmax(const float* z, double temperature, float* p, int C) {
  const float peak = peak_of(z, C), inverse_temperature = static_cast<float>(1 / temperature);
  double sum = 0;
  for (int c = 0; c < C; ++c) {
    p[c] = std::exp((z[c] - peak) * inverse_temperature);
    sum += static_cast<double>(p[c]);
  }
  for (int c = 0; c < C; ++c) p[c] = static_cast<float>(static_cast<double>(p[c]) / sum);
}

/// What one sample adds to a Score. A sample with a NaN or an infinity among its logits is never correct.
FEDSCAPE_HOST_DEVICE inline ops::Score sample_score(const float* z, int label, int C) {
  const auto peak = static_cast<double>(peak_of(z, C)), own = static_cast<double>(z[label]);
  double sum = 0, squared = 0, other = -HUGE_VAL;
  int above = 0;
  for (int c = 0; c < C; ++c) {
    const auto value = static_cast<double>(z[c]);
    const double error = value - (c == label ? 1.0 : 0.0);
    sum += std::exp(value - peak);
    squared += error * error;
    if (c == label) continue;
    other = value > other ? value : other;
    above += value > own || (value == own && c < label);
  }
  const bool valid = sum >= 1;  // NaN otherwise
  ops::Score score;
  score.loss = std::log(sum) - (own - peak);
  score.squared = squared / C;
  score.margin = valid && C > 1 ? own - other : sum - sum;  // NaN stays NaN; a single class has no margin
  score.confidence = 1 / sum;
  score.correct = valid && above < 1;
  score.correct5 = valid && above < 5;
  score.count = 1;
  return score;
}

/// The class that one sample is taken for, or -1.
FEDSCAPE_HOST_DEVICE inline std::int32_t sample_class(const float* z, int C) {
  int best = 0;
  bool number = z[0] == z[0];
  for (int c = 1; c < C; ++c) {
    number = number && z[c] == z[c];
    best = z[c] > z[best] ? c : best;
  }
  return number && z[best] - z[best] == 0 ? best : -1;  // an infinity minus itself is NaN
}

FEDSCAPE_HOST_DEVICE inline void accumulate(const ops::Score& sample, ops::Score& total) {
  total.loss += sample.loss;
  total.squared += sample.squared;
  total.margin += sample.margin;
  total.confidence += sample.confidence;
  total.correct += sample.correct;
  total.correct5 += sample.correct5;
  total.count += sample.count;
}

}  // namespace fedscape::kernels
