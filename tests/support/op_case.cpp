#include "tests/support/op_case.hpp"

#include <gtest/gtest.h>

#include <cstring>

#include "fedscape/base/rng.hpp"
#include "fedscape/device/workers.hpp"
#include "fedscape/tensor/tensor.hpp"

namespace fedscape {

namespace {

std::int64_t row_size(const OpArray& array) { return array.shape.inner().size(); }

/// Model m's row of an array, as doubles.
Values row_of(const OpArray& array, const std::vector<float>& values, int m) {
  const auto begin = values.begin() + (array.shape[0] == 1 ? 0 : m) * row_size(array);
  return Values(begin, begin + row_size(array));
}

std::vector<Values> rows_of(const OpCase& op, const Floats& inputs, int m) {
  std::vector<Values> rows;
  for (std::size_t i = 0; i < op.inputs.size(); ++i) rows.push_back(row_of(op.inputs[i], inputs[i], m));
  return rows;
}

/// Device memory for an array that begins at a given distance from a 64-byte boundary.
struct Placed {
  Placed(Stream& stream, const OpArray& array, const std::vector<float>& values, int misalignment)
      : memory(stream, {array.shape.size() + misalignment}), view(memory.data() + misalignment, array.shape) {
    copy_to_device(stream, view.data, values.data(), values.size() * sizeof(float));
  }
  Tensor<float> memory;
  View<float> view;
};

void expect_equal_bits(const OpCase& op, const Floats& a, const Floats& b, const char* what) {
  for (std::size_t i = 0; i < op.outputs.size(); ++i)
    for (int m = 0; m < op.models; ++m) {
      const std::vector<float> left = real_part(op, op.outputs[i], a[i], m);
      const std::vector<float> right = real_part(op, op.outputs[i], b[i], m);
      EXPECT_EQ(std::memcmp(left.data(), right.data(), left.size() * sizeof(float)), 0)
          << op.name << ": " << what << " changes output " << i << " of model " << m;
    }
}

}  // namespace

Floats make_inputs(const OpCase& op) {
  Floats inputs;
  for (std::size_t i = 0; i < op.inputs.size(); ++i) {
    inputs.emplace_back(static_cast<std::size_t>(op.inputs[i].shape.size()));
    fill_normal({1, Purpose::test, static_cast<std::uint32_t>(i)}, 0, 1, inputs.back());
  }
  if (!op.prepare) return inputs;
  for (int m = 0; m < op.models; ++m) {
    std::vector<Values> rows = rows_of(op, inputs, m);
    op.prepare(op.counts[static_cast<std::size_t>(m)], rows);
    for (std::size_t i = 0; i < rows.size(); ++i)
      if (op.inputs[i].shape[0] == op.models)
        std::copy(rows[i].begin(), rows[i].end(), inputs[i].begin() + m * row_size(op.inputs[i]));
  }
  return inputs;
}

Floats run_case(const OpCase& op, Stream& stream, const Floats& inputs, int misalignment) {
  std::vector<Placed> in, out;
  std::vector<View<const float>> in_views;
  std::vector<View<float>> out_views;
  for (std::size_t i = 0; i < inputs.size(); ++i) in.emplace_back(stream, op.inputs[i], inputs[i], misalignment);
  for (const OpArray& array : op.outputs) {
    const std::vector<float> nan(static_cast<std::size_t>(array.shape.size()), std::nanf(""));
    out.emplace_back(stream, array, nan, misalignment);
  }
  for (const Placed& array : in) in_views.push_back(array.view);
  for (const Placed& array : out) out_views.push_back(array.view);
  op.run(stream, op.batch(), in_views, out_views);
  Floats results;
  for (const View<float>& view : out_views) results.push_back(to_host(stream, view));
  return results;
}

Floats run_alone(const OpCase& op, Stream& stream, const Floats& inputs, int m) {
  OpCase alone = op;
  Floats rows;
  alone.models = 1;
  alone.counts = {op.counts[static_cast<std::size_t>(m)]};
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Values row = row_of(op.inputs[i], inputs[i], m);
    rows.emplace_back(row.begin(), row.end());
    alone.inputs[i].shape = op.inputs[i].shape.inner().under(1);
  }
  for (OpArray& array : alone.outputs) array.shape = array.shape.inner().under(1);
  return run_case(alone, stream, rows);
}

std::vector<float> real_part(const OpCase& op, const OpArray& array, const std::vector<float>& values, int m) {
  std::int64_t size = row_size(array);
  if (array.samples) size = size / op.size * op.counts[static_cast<std::size_t>(m)];
  const auto begin = values.begin() + (array.shape[0] == 1 ? 0 : m) * row_size(array);
  return {begin, begin + size};
}

void expect_oracle(const OpCase& op) {
  Stream stream;
  const Floats inputs = make_inputs(op), outputs = run_case(op, stream, inputs);
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

void expect_same_bits(const OpCase& op) {
  Stream stream;
  const Floats inputs = make_inputs(op), outputs = run_case(op, stream, inputs);
  for (const int misalignment : {1, 3, 4, 7})
    expect_equal_bits(op, outputs, run_case(op, stream, inputs, misalignment), "alignment");
  for (int m = 0; m < op.models; ++m) {
    const Floats alone = run_alone(op, stream, inputs, m);
    for (std::size_t i = 0; i < alone.size(); ++i) {
      const std::vector<float> stacked = real_part(op, op.outputs[i], outputs[i], m);
      EXPECT_EQ(std::memcmp(alone[i].data(), stacked.data(), stacked.size() * sizeof(float)), 0)
          << op.name << ": model " << m << " differs alone";
    }
  }
  Workers workers({}, 3);
  workers.run(3, [&](Stream& other, int, std::int64_t) {
    expect_equal_bits(op, outputs, run_case(op, other, inputs), "a worker's stream");
  });
}

}  // namespace fedscape
