#include "tests/support/op_case.hpp"

#include <algorithm>
#include <cmath>

#include "fedscape/base/rng.hpp"

namespace fedscape {

namespace {

std::int64_t row_size(const OpArray& array) { return array.shape.inner().size(); }

auto row_begin(const OpArray& array, const std::vector<float>& values, int m) {
  return values.begin() + (array.shape[0] == 1 ? 0 : m) * row_size(array);
}

}  // namespace

std::vector<Values> rows_of(const OpCase& op, const Floats& inputs, int m) {
  std::vector<Values> rows;
  for (std::size_t i = 0; i < op.inputs.size(); ++i) {
    const auto begin = row_begin(op.inputs[i], inputs[i], m);
    rows.emplace_back(begin, begin + row_size(op.inputs[i]));
  }
  return rows;
}

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
      if (op.inputs[i].shape[0] == op.models || m == 0)  // what all share, the first prepares
        std::copy(rows[i].begin(), rows[i].end(), inputs[i].begin() + m * row_size(op.inputs[i]));
  }
  return inputs;
}

OpRun::OpRun(const OpCase& op, Stream& stream, const Floats& inputs, int misalignment) : op_(op), stream_(stream) {
  for (std::size_t i = 0; i < inputs.size(); ++i)
    in_.emplace_back(place(op.inputs[i], inputs[i], misalignment), op.inputs[i].shape);
  for (const OpArray& array : op.outputs) {
    const std::vector<float> nan(static_cast<std::size_t>(array.shape.size()), std::nanf(""));
    out_.emplace_back(place(array, nan, misalignment), array.shape);
  }
}

float* OpRun::place(const OpArray& array, const std::vector<float>& values, int misalignment) {
  memory_.emplace_back(stream_, Shape{array.shape.size() + misalignment});
  float* const data = memory_.back().data() + misalignment;
  copy_to_device(stream_, data, values.data(), values.size() * sizeof(float));
  return data;
}

Floats OpRun::outputs() {
  Floats results;
  for (const View<float>& view : out_) results.push_back(to_host(stream_, view));
  return results;
}

OpCase alone(const OpCase& op, int m) {
  OpCase single = op;
  single.models = 1;
  single.counts = {op.counts[static_cast<std::size_t>(m)]};
  for (OpArray& array : single.inputs) array.shape = array.shape.inner().under(1);
  for (OpArray& array : single.outputs) array.shape = array.shape.inner().under(1);
  return single;
}

Floats inputs_alone(const OpCase& op, const Floats& inputs, int m) {
  Floats rows;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const auto begin = row_begin(op.inputs[i], inputs[i], m);
    rows.emplace_back(begin, begin + row_size(op.inputs[i]));
  }
  return rows;
}

std::vector<float> real_part(const OpCase& op, const OpArray& array, const std::vector<float>& values, int m) {
  std::int64_t size = row_size(array);
  if (array.samples) size = size / op.size * op.counts[static_cast<std::size_t>(m)];
  const auto begin = row_begin(array, values, m);
  return {begin, begin + size};
}

}  // namespace fedscape
