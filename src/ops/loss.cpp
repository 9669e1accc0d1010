#include "fedscape/ops/loss.hpp"

#include "kernels/loss.hpp"
#include "src/ops/checks.hpp"

namespace fedscape::ops {

namespace {

void check_logits(const char* op, const Batch& batch, const Shape& logits, const Shape& labels, bool may_share) {
  check_batch(op, batch);
  check_stack(op, "logits", batch, logits);
  check_stack(op, "labels", batch, labels, may_share);
  FEDSCAPE_CHECK(logits.rank() == 3 && logits[2] >= 1 && labels.rank() == 2,
                 "{}: logits {}, labels {}; expected [M,B,C], [M,B]", op, logits.text(), labels.text());
}

void check_gradient(const char* op, const Shape& logits, const Shape& loss, const Shape& dlogits) {
  FEDSCAPE_CHECK(loss == Shape{logits[0]} && dlogits == logits, "{}: logits {}, loss {}, dlogits {}", op, logits.text(),
                 loss.text(), dlogits.text());
}

}  // namespace

void softmax_cross_entropy(Stream& stream, const Batch& batch, View<const float> logits,
                           View<const std::int32_t> labels, View<float> loss, View<float> dlogits) {
  check_logits("softmax_cross_entropy", batch, logits.shape, labels.shape, false);
  check_gradient("softmax_cross_entropy", logits.shape, loss.shape, dlogits.shape);
  kernels::dispatch(stream, [&](auto on) {
    kernels::softmax_cross_entropy(on, stream, batch, logits.data, labels.data, loss.data, dlogits.data,
                                   static_cast<int>(logits.shape[2]));
  });
}

void adjusted_cross_entropy(Stream& stream, const Batch& batch, View<const float> logits,
                            View<const std::int32_t> labels, View<const float> scale, View<const float> shift,
                            View<float> loss, View<float> dlogits) {
  check_logits("adjusted_cross_entropy", batch, logits.shape, labels.shape, false);
  check_gradient("adjusted_cross_entropy", logits.shape, loss.shape, dlogits.shape);
  const Shape terms = {logits.shape[0], logits.shape[2]};
  for (const View<const float>& term : {scale, shift})
    FEDSCAPE_CHECK(term.empty() || term.shape == terms, "adjusted_cross_entropy: scale or shift is {}, expected {}",
                   term.shape.text(), terms.text());
  kernels::dispatch(stream, [&](auto on) {
    kernels::adjusted_cross_entropy(on, stream, batch, logits.data, labels.data, scale.data, shift.data, loss.data,
                                    dlogits.data, static_cast<int>(terms[1]));
  });
}

void squared_error(Stream& stream, const Batch& batch, View<const float> logits, View<const std::int32_t> labels,
                   View<float> loss, View<float> dlogits) {
  check_logits("squared_error", batch, logits.shape, labels.shape, false);
  check_gradient("squared_error", logits.shape, loss.shape, dlogits.shape);
  kernels::dispatch(stream, [&](auto on) {
    kernels::squared_error(on, stream, batch, logits.data, labels.data, loss.data, dlogits.data,
                           static_cast<int>(logits.shape[2]));
  });
}

void soft_cross_entropy(Stream& stream, const Batch& batch, double weight, View<const float> logits,
                        View<const float> targets, View<float> loss, View<float> dlogits) {
  check_batch("soft_cross_entropy", batch);
  check_stack("soft_cross_entropy", "logits", batch, logits.shape);
  FEDSCAPE_CHECK(logits.shape.rank() == 3 && logits.shape[2] >= 1 && targets.shape == logits.shape,
                 "soft_cross_entropy: logits {}, targets {}; expected [M,B,C]", logits.shape.text(),
                 targets.shape.text());
  check_gradient("soft_cross_entropy", logits.shape, loss.shape, dlogits.shape);
  kernels::dispatch(stream, [&](auto on) {
    kernels::soft_cross_entropy(on, stream, batch, weight, logits.data, targets.data, loss.data, dlogits.data,
                                static_cast<int>(logits.shape[2]));
  });
}

void softmax(Stream& stream, const Batch& batch, double temperature, View<const float> logits, View<float> p) {
  check_batch("softmax", batch);
  check_stack("softmax", "logits", batch, logits.shape);
  FEDSCAPE_CHECK(logits.shape.rank() == 3 && logits.shape[2] >= 1 && p.shape == logits.shape,
                 "softmax: logits {}, probabilities {}; expected [M,B,C]", logits.shape.text(), p.shape.text());
  FEDSCAPE_CHECK(temperature > 0, "softmax: a temperature of {}", temperature);
  kernels::dispatch(stream, [&](auto on) {
    kernels::softmax(on, stream, batch, temperature, logits.data, p.data, static_cast<int>(logits.shape[2]));
  });
}

void add_scores(Stream& stream, const Batch& batch, View<const float> logits, View<const std::int32_t> labels,
                View<Score> scores) {
  check_logits("add_scores", batch, logits.shape, labels.shape, true);
  FEDSCAPE_CHECK(scores.shape == Shape{batch.models}, "add_scores: scores {} for {} models", scores.shape.text(),
                 batch.models);
  kernels::dispatch(stream, [&](auto on) {
    kernels::add_scores(on, stream, batch, logits.data, labels.data, is_shared(batch, labels.shape), scores.data,
                        static_cast<int>(logits.shape[2]));
  });
}

void predict(Stream& stream, const Batch& batch, View<const float> logits, View<std::int32_t> classes) {
  check_logits("predict", batch, logits.shape, classes.shape, false);
  kernels::dispatch(stream, [&](auto on) {
    kernels::predict(on, stream, batch, logits.data, classes.data, static_cast<int>(logits.shape[2]));
  });
}

}  // namespace fedscape::ops
