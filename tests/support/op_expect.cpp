#include <gtest/gtest.h>

#include <algorithm>
#include <span>

#include "fedscape/device/workers.hpp"
#include "tests/support/op_case.hpp"

namespace fedscape {

namespace {

Floats run_once(const OpCase& op, Stream& stream, const Floats& inputs, int misalignment = 0) {
  OpRun run(op, stream, inputs, misalignment);
  run();
  return run.outputs();
}

/// Output i of model m has the bits it has in `outputs`.
void expect_equal_bits(const OpCase& op, const Floats& outputs, int m, std::size_t i, const std::vector<float>& other,
                       const char* what) {
  const std::vector<float> expected = real_part(op, op.outputs[i], outputs[i], m);
  ASSERT_EQ(expected.size(), other.size());
  EXPECT_TRUE(std::ranges::equal(std::as_bytes(std::span(expected)), std::as_bytes(std::span(other))))
      << op.name << ": " << what << " changes output " << i << " of model " << m;
}

void expect_equal_bits(const OpCase& op, const Floats& outputs, const Floats& others, const char* what) {
  for (std::size_t i = 0; i < op.outputs.size(); ++i)
    for (int m = 0; m < op.models; ++m)
      expect_equal_bits(op, outputs, m, i, real_part(op, op.outputs[i], others[i], m), what);
}

}  // namespace

void expect_oracle(const OpCase& op, Device device, const ProductChoice* products) {
  Stream stream(device);
  stream.set_products(products);
  const Floats inputs = make_inputs(op), outputs = run_once(op, stream, inputs);
  for (int m = 0; m < op.models; ++m) {
    const std::vector<Expected> expected = op.oracle(op.counts[static_cast<std::size_t>(m)], rows_of(op, inputs, m));
    ASSERT_EQ(expected.size(), outputs.size());
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const std::vector<float> actual = real_part(op, op.outputs[i], outputs[i], m);
      ASSERT_EQ(actual.size(), expected[i].size()) << op.name << ", output " << i;
      for (std::size_t k = 0; k < actual.size(); ++k)
        ASSERT_NEAR(actual[k], expected[i][k].value, expected[i][k].error)
            << op.name << ": element " << k << " of output " << i << ", model " << m;
    }
  }
}

void expect_same_bits(const OpCase& op, Device device, const ProductChoice* products) {
  Stream stream(device);
  stream.set_products(products);
  const Floats inputs = make_inputs(op), outputs = run_once(op, stream, inputs);
  for (const int misalignment : {1, 3, 4, 7})
    expect_equal_bits(op, outputs, run_once(op, stream, inputs, misalignment), "alignment");
  for (int m = 0; m < op.models; ++m) {
    const OpCase single = alone(op, m);
    const Floats others = run_once(single, stream, inputs_alone(op, inputs, m));
    for (std::size_t i = 0; i < others.size(); ++i)
      expect_equal_bits(op, outputs, m, i, real_part(single, single.outputs[i], others[i], 0), "being alone");
  }
  Workers workers(device, 2);
  workers.run(2, [&](Stream& other, int, std::int64_t) {
    other.set_products(products);
    expect_equal_bits(op, outputs, run_once(op, other, inputs), "another stream");
  });
}

void expect_no_growth(const OpCase& op, Device device, const ProductChoice* products) {
  Stream stream(device);
  stream.set_products(products);
  const ArenaScope scope(stream);
  OpRun run(op, stream, make_inputs(op));
  run();
  const std::size_t held = stream.arena().capacity();
  for (int i = 0; i < 3; ++i) run();
  EXPECT_EQ(stream.arena().capacity(), held) << op.name;
}

}  // namespace fedscape
