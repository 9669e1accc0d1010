#pragma once

#include <cstdint>

#include "fedscape/device/stream.hpp"
#include "fedscape/ops/batch.hpp"

namespace fedscape::ops {

/// loss[m] = mean over the real b of -log softmax(logits[m,b])[labels[m,b]], and its gradient.
/// logits [M,B,C], labels [M,B], loss [M], dlogits [M,B,C]; dlogits may alias logits.
void softmax_cross_entropy(Stream& stream, const Batch& batch, View<const float> logits,
                           View<const std::int32_t> labels, View<float> loss, View<float> dlogits);

/// The same of the logits z[m,b,c] = scale[m,c] * logits[m,b,c] + shift[m,c], with the gradient at `logits`. scale and
/// shift [M,C] or absent (1 and 0). A shift of -infinity leaves its class out: probability and gradient are 0; the
/// label of a real sample may not be left out. dlogits may alias logits.
void adjusted_cross_entropy(Stream& stream, const Batch& batch, View<const float> logits,
                            View<const std::int32_t> labels, View<const float> scale, View<const float> shift,
                            View<float> loss, View<float> dlogits);

/// loss[m] = mean over the real b and all c of (logits[m,b,c] - [c = labels[m,b]])^2, and its gradient.
void squared_error(Stream& stream, const Batch& batch, View<const float> logits, View<const std::int32_t> labels,
                   View<float> loss, View<float> dlogits);

/// Cross-entropy with soft labels, added to a loss and a gradient that are there already:
///   loss[m] += weight * mean over the real b of sum over c of -targets[m,b,c] log softmax(logits[m,b])[c],
/// and dlogits += its gradient, weight / count * (softmax(logits[m,b]) sum over c of targets[m,b,c] - targets[m,b]).
/// logits, targets and dlogits [M,B,C], loss [M]; dlogits aliases neither of the others. Nothing is added for a model
/// without real samples.
void soft_cross_entropy(Stream& stream, const Batch& batch, double weight, View<const float> logits,
                        View<const float> targets, View<float> loss, View<float> dlogits);

/// p[m,b] = softmax(logits[m,b] / temperature), temperature > 0. logits and p [M,B,C]; p may alias logits.
void softmax(Stream& stream, const Batch& batch, double temperature, View<const float> logits, View<float> p);

/// What evaluation sums over the samples of one chunk, in double and in the order of the samples.
struct Score {
  double loss = 0;                                    // cross-entropy
  double squared = 0;                                 // squared error to the one-hot label, mean over classes
  double margin = 0;                                  // logit of the label minus the largest other one
  double confidence = 0;                              // largest probability
  std::int64_t correct = 0, correct5 = 0, count = 0;  // ties in the ranking go to the lower class
};
/// scores[m] += the sums over the real samples of model m, taken by themselves first. logits [M,B,C], labels [M|1,B],
/// scores [M].
void add_scores(Stream& stream, const Batch& batch, View<const float> logits, View<const std::int32_t> labels,
                View<Score> scores);

/// classes[m,b] = the class of the largest logit, of several the lowest; -1 where score would count none, as a logit is
/// NaN or infinity. logits [M,B,C], classes [M,B].
void predict(Stream& stream, const Batch& batch, View<const float> logits, View<std::int32_t> classes);

}  // namespace fedscape::ops
