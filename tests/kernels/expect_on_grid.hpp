#pragma once

#include <functional>

#include "tests/kernels/host_grid.hpp"
#include "tests/support/op_case.hpp"

namespace fedscape::test {

using GridBody = std::function<void(const HostGrid&, const Batch&, Inputs, Outputs)>;

/// The op's expectations hold for its body on a grid: oracle, bits whatever surrounds a model, memory. Neither the
/// order of blocks and threads changes bits nor NaN in what lies behind the real samples of the inputs.
void expect_on_grid(OpCase op, const GridBody& body);

/// Row m of the slot is what model m sees of x [M|1,...].
inline Slot<const float> rows_for(const Batch& batch, View<const float> x) {
  return {x.data, x.shape[0] == batch.models ? x.shape.inner().size() : 0};
}
inline Slot<float> rows_for_out(View<float> x) { return {x.data, x.shape.inner().size()}; }

}  // namespace fedscape::test
