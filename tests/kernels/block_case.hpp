#pragma once

#include <functional>

#include "tests/kernels/host_blocks.hpp"
#include "tests/support/op_case.hpp"

namespace fedscape::test {

/// The device's body of a case's op.
using BlockBody = std::function<void(HostLaunch&, const Batch&, Inputs, Outputs)>;

/// On the host, `body` agrees with the case's oracle, and its bits depend neither on the order of blocks and threads
/// nor on the models beside one, nor on what lies behind a model's samples, NaN here.
void expect_blocks(OpCase op, const BlockBody& body);

/// The same on inputs that are small integers, with which TF32 computes exactly: operands rounded to it.
void expect_blocks_in_tf32(OpCase op, const BlockBody& body);

/// What model m sees of samples [M|1,B,...]; one array may serve all models.
inline Slot<const float> samples_of(View<const float> x) {
  return {x.data, x.shape[0] == 1 ? 0 : x.shape.inner().size()};
}
/// The rows of an output [M,...].
inline Slot<float> row_slots(View<float> y) { return {y.data, y.shape.inner().size()}; }
/// The last `size` parameters of each row but for the `behind` after them.
inline Slot<const float> last_of(View<const float> rows, std::int64_t size, std::int64_t behind) {
  return slot(rows, rows.shape[1] - behind - size);
}

}  // namespace fedscape::test
