#pragma once

#include "fedscape/base/check.hpp"
#include "src/ops/checks.hpp"

/// How ops check their arrays and hand them to kernels: a Slot whose row m is what model m sees.
namespace fedscape::ops {

/// x [M|1,B,sample...]; one array of samples may serve all models (stride 0).
inline Slot<const float> input_rows(const char* op, const char* name, const Batch& batch, View<const float> x,
                                    const Shape& sample) {
  const Shape one = sample.under(batch.size).under(1);
  FEDSCAPE_CHECK(x.shape == one || x.shape == sample.under(batch.size).under(batch.models),
                 "{}: {} is {}, expected {} for {} models", op, name, x.shape.text(), one.text(), batch.models);
  return {x.data, x.shape[0] == batch.models ? x.shape.inner().size() : 0};
}

/// x [M,B,sample...], a row for each model.
template <class T>
Slot<T> model_rows(const char* op, const char* name, const Batch& batch, View<T> x, const Shape& sample) {
  const Shape expected = sample.under(batch.size).under(batch.models);
  FEDSCAPE_CHECK(x.shape == expected, "{}: {} is {}, expected {}", op, name, x.shape.text(), expected.text());
  return {x.data, x.shape.inner().size()};
}

/// What one sample of x [M,B,sample...] looks like.
inline Shape sample_of(const char* op, const char* name, View<const float> x) {
  FEDSCAPE_CHECK(x.shape.rank() >= 2, "{}: {} is {}, expected [models, batch, ...]", op, name, x.shape.text());
  return x.shape.inner(2);
}

}  // namespace fedscape::ops
