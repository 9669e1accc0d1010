#include "tests/kernels/block_case.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace fedscape::test {

namespace {

Floats run_in(Order order, OpCase op, const BlockBody& body, const Floats& inputs) {
  op.run = [&](Stream& stream, const Batch& batch, Inputs in, Outputs out) {
    HostLaunch launch(stream, batch, order);
    body(launch, batch, in, out);
  };
  Stream stream;
  OpRun run(op, stream, inputs);
  run();
  return run.outputs();
}

/// NaN behind the samples of a stack of one.
void spoil(const OpCase& single, Floats& inputs) {
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (single.inputs[i].samples)
      std::fill(inputs[i].begin() + std::ssize(inputs[i]) / single.size * single.counts[0], inputs[i].end(), NAN);
}

/// Output i of model m is what output i of `others`, a stack of one, is.
void expect_equal_bits(const OpCase& op, const Floats& outputs, int m, const OpCase& single, const Floats& others) {
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const std::vector<float> a = real_part(op, op.outputs[i], outputs[i], m),
                             b = real_part(single, single.outputs[i], others[i], 0);
    ASSERT_EQ(a.size(), b.size());
    EXPECT_TRUE(a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0)
        << op.name << ": output " << i << " of model " << m;
  }
}

}  // namespace

void expect_blocks(OpCase op, const BlockBody& body) {
  op.run = [&](Stream& stream, const Batch& batch, Inputs in, Outputs out) {
    HostLaunch launch(stream, batch, Order::forward);
    body(launch, batch, in, out);
  };
  expect_oracle(op);
  const Floats inputs = make_inputs(op), outputs = run_in(Order::forward, op, body, inputs);
  for (int m = 0; m < op.models; ++m) {
    const OpCase single = alone(op, m);
    Floats own = inputs_alone(op, inputs, m);
    spoil(single, own);
    expect_equal_bits(op, outputs, m, single, run_in(Order::backward, single, body, own));
  }
}

void expect_blocks_in_tf32(OpCase op, const BlockBody& body) {
  op.prepare = [](int, std::vector<Values>& inputs) {
    for (Values& values : inputs)
      for (double& value : values) value = std::round(2 * value);
  };
  expect_blocks(op, [&](HostLaunch& launch, const Batch& batch, Inputs in, Outputs out) {
    launch.stream().set_tf32(true);
    body(launch, batch, in, out);
  });
}

}  // namespace fedscape::test
