#include "fedscape/ops/gemm.hpp"
#include "tests/support/op_cases.hpp"

namespace fedscape::cases {

namespace {

constexpr std::int64_t kBefore = 3;  // what precedes w in a model's row: any alignment

struct Layer {
  explicit Layer(const LinearSize& size) : I(size.in), O(size.out), bias(kBefore + std::int64_t{I} * O) {}
  double w(const Values& row, int o, int i) const { return row[static_cast<std::size_t>(kBefore + o * I + i)]; }
  double b(const Values& row, int o) const { return row[static_cast<std::size_t>(bias + o)]; }
  std::int64_t row_size() const { return bias + O; }
  int I, O;
  std::int64_t bias;
};

double at(const Values& x, std::int64_t i) { return x[static_cast<std::size_t>(i)]; }

Expected forward(const Layer& layer, int count, const Values& x, const Values& row, bool with_relu) {
  Expected y;
  for (int b = 0; b < count; ++b)
    for (int o = 0; o < layer.O; ++o) {
      TrackedSum sum;
      for (int i = 0; i < layer.I; ++i) sum.add(Tracked(layer.w(row, o, i)) * at(x, b * layer.I + i));
      sum.add(layer.b(row, o));
      y.push_back(with_relu ? relu(sum.total()) : sum.total());
    }
  return y;
}

Expected backward_data(const Layer& layer, int count, const Values& dy, const Values& row) {
  Expected dx;
  for (int b = 0; b < count; ++b)
    for (int i = 0; i < layer.I; ++i) {
      TrackedSum sum;
      for (int o = 0; o < layer.O; ++o) sum.add(Tracked(layer.w(row, o, i)) * at(dy, b * layer.O + o));
      dx.push_back(sum.total());
    }
  return dx;
}

std::vector<Expected> backward_weights(const Layer& layer, int count, const Values& x, const Values& dy) {
  Expected dw, dbias;
  for (int o = 0; o < layer.O; ++o) {
    TrackedSum total;
    for (int b = 0; b < count; ++b) total.add(at(dy, b * layer.O + o));
    dbias.push_back(total.total());
    for (int i = 0; i < layer.I; ++i) {
      TrackedSum sum;
      for (int b = 0; b < count; ++b) sum.add(Tracked(at(dy, b * layer.O + o)) * at(x, b * layer.I + i));
      dw.push_back(sum.total());
    }
  }
  return {dw, dbias};
}

}  // namespace

std::vector<int> ragged(int models, int batch) {
  std::vector<int> counts;
  for (int m = 0; m < models; ++m) counts.push_back(m == 2 ? 0 : std::max(1, batch - m));
  return counts;
}

std::vector<OpCase> linear(const LinearSize& size) {
  const auto [M, B, I, O] = size;
  const Layer layer(size);
  const OpArray x{{M, B, I}, true}, shared_x{{1, B, I}, true}, y{{M, B, O}, true}, rows{{M, layer.row_size()}};
  OpCase common{.flop = 2.0 * M * B * I * O, .models = M, .size = B, .counts = ragged(M, B)};
  std::vector<OpCase> cases(3, common);
  const std::string shape =
      "_M" + std::to_string(M) + "_B" + std::to_string(B) + "_" + std::to_string(I) + "_" + std::to_string(O);
  cases[0].name = "linear_forward" + shape;
  cases[0].inputs = {shared_x, rows};
  cases[0].outputs = {y};
  cases[0].run = [bias = layer.bias](Stream& stream, const Batch& batch, Inputs in, Outputs out) {
    ops::linear_forward(stream, batch, in[0], slot(in[1], kBefore), slot(in[1], bias), true, out[0]);
  };
  cases[0].oracle = [layer](int count, const std::vector<Values>& in) {
    return std::vector<Expected>{forward(layer, count, in[0], in[1], true)};
  };
  cases[1].name = "linear_backward_data" + shape;
  cases[1].inputs = {y, rows};
  cases[1].outputs = {x};
  cases[1].run = [](Stream& stream, const Batch& batch, Inputs in, Outputs out) {
    ops::linear_backward_data(stream, batch, in[0], slot(in[1], kBefore), out[0]);
  };
  cases[1].oracle = [layer](int count, const std::vector<Values>& in) {
    return std::vector<Expected>{backward_data(layer, count, in[0], in[1])};
  };
  cases[2].name = "linear_backward_weights" + shape;
  cases[2].inputs = {x, y};
  cases[2].outputs = {{{M, std::int64_t{I} * O}}, {{M, O}}};
  cases[2].run = [](Stream& stream, const Batch& batch, Inputs in, Outputs out) {
    ops::linear_backward_weights(stream, batch, in[0], in[1], slot(out[0], 0), slot(out[1], 0));
  };
  cases[2].oracle = [layer](int count, const std::vector<Values>& in) {
    return backward_weights(layer, count, in[0], in[1]);
  };
  return cases;
}

std::vector<LinearSize> linear_sizes() {
  return {{3, 5, 17, 10},  {1, 1, 1, 1},    {2, 50, 120, 84}, {2, 8, 9, 1},   {2, 13, 16, 70},
          {3, 20, 15, 18}, {2, 70, 33, 19}, {2, 7, 148, 35},  {2, 3, 2087, 5}};
}

}  // namespace fedscape::cases
