#include "tests/kernels/expect_on_grid.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <span>

namespace fedscape::test {

namespace {

Floats outputs_of(const OpCase& op, const GridBody& body, const Floats& inputs, bool backwards) {
  OpCase on_grid = op;
  on_grid.run = [&](Stream& stream, const Batch& batch, Inputs in, Outputs out) {
    body(HostGrid(stream, backwards), batch, in, out);
  };
  Stream stream;
  OpRun run(on_grid, stream, inputs);
  run();
  return run.outputs();
}

/// NaN behind the real samples of every model.
Floats with_garbage(const OpCase& op, Floats inputs) {
  const int most = *std::ranges::max_element(op.counts);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Shape& shape = op.inputs[i].shape;
    if (!op.inputs[i].samples) continue;
    for (int m = 0; m < shape[0]; ++m) {
      const int real = shape[0] == op.models ? op.counts[static_cast<std::size_t>(m)] : most;
      const auto begin = inputs[i].begin() + m * shape.inner().size();
      std::fill(begin + real * shape.inner(2).size(), begin + shape.inner().size(), std::nanf(""));
    }
  }
  return inputs;
}

void expect_same(const OpCase& op, const Floats& outputs, const Floats& others, const char* what) {
  for (std::size_t i = 0; i < outputs.size(); ++i)
    for (int m = 0; m < op.models; ++m) {
      const auto expected = real_part(op, op.outputs[i], outputs[i], m),
                 other = real_part(op, op.outputs[i], others[i], m);
      EXPECT_TRUE(std::ranges::equal(std::as_bytes(std::span(expected)), std::as_bytes(std::span(other))))
          << op.name << ": " << what << " changes output " << i << " of model " << m;
    }
}

}  // namespace

void expect_on_grid(OpCase op, const GridBody& body) {
  op.run = [&](Stream& stream, const Batch& batch, Inputs in, Outputs out) { body(HostGrid(stream), batch, in, out); };
  expect_oracle(op);
  expect_same_bits(op);
  expect_no_growth(op);
  const Floats inputs = make_inputs(op), outputs = outputs_of(op, body, inputs, false);
  expect_same(op, outputs, outputs_of(op, body, inputs, true), "the order of threads");
  expect_same(op, outputs, outputs_of(op, body, with_garbage(op, inputs), false), "what is not real");
}

}  // namespace fedscape::test
