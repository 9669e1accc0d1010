#include "src/ops/checks.hpp"

namespace fedscape::ops {

void check_batch(const char* op, const Batch& batch) {
  FEDSCAPE_CHECK(batch.models >= 1 && batch.size >= 1 && batch.counts.size() == static_cast<std::size_t>(batch.models),
                 "{}: a batch of {} models, {} samples and {} counts", op, batch.models, batch.size,
                 batch.counts.size());
  for (int m = 0; m < batch.models; ++m)
    FEDSCAPE_CHECK(batch.count(m) >= 0 && batch.count(m) <= batch.size, "{}: model {} has {} of {} samples", op, m,
                   batch.count(m), batch.size);
}

void check_stack(const char* op, const char* name, const Batch& batch, const Shape& shape, bool may_share) {
  FEDSCAPE_CHECK(
      shape.rank() >= 2 && (shape[0] == batch.models || (may_share && shape[0] == 1)) && shape[1] == batch.size,
      "{}: {} is {}; expected [{},{},...]", op, name, shape.text(), batch.models, batch.size);
}

void check_same_samples(const char* op, const Shape& a, const Shape& b) {
  FEDSCAPE_CHECK(a.inner(2) == b.inner(2), "{}: samples of {} and {} differ", op, a.text(), b.text());
}

}  // namespace fedscape::ops
