#pragma once

#include "fedscape/ops/batch.hpp"

namespace fedscape::ops {

/// Checks a Batch itself: counts for each model, within the batch.
void check_batch(const char* op, const Batch& batch);
/// Checks that shape is [M,B,...] of the batch, or [1,B,...] where `may_share`.
void check_stack(const char* op, const char* name, const Batch& batch, const Shape& shape, bool may_share = false);
/// Checks that the arrays agree behind [M,B].
void check_same_samples(const char* op, const Shape& a, const Shape& b);

/// True where an array [1,B,...] stands for all models of the batch.
inline bool is_shared(const Batch& batch, const Shape& shape) { return shape[0] == 1 && batch.models > 1; }

}  // namespace fedscape::ops
