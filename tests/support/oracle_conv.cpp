#include <cmath>

#include "fedscape/tensor/tensor.hpp"
#include "tests/support/op_cases.hpp"

namespace fedscape::cases {

using ops::ConvShape;

namespace {

constexpr std::int64_t kBefore = 5;  // what precedes w in a model's row: any alignment

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

/// Calls f(y, x, w) with the indices of every product that the convolution of `count` samples adds up.
template <class F>
void for_each_product(const ConvShape& s, int count, F&& f) {
  const int Cg = s.channels / s.groups, Fg = s.filters / s.groups, OH = s.out_height(), OW = s.out_width();
  for (int b = 0; b < count; ++b)
    for (int oy = 0; oy < OH; ++oy)
      for (int ox = 0; ox < OW; ++ox)
        for (int o = 0; o < s.filters; ++o)
          for (int ky = 0; ky < s.kernel_y; ++ky)
            for (int kx = 0; kx < s.kernel_x; ++kx) {
              const int iy = oy * s.stride_y - s.pad_y + ky * s.dilation_y;
              const int ix = ox * s.stride_x - s.pad_x + kx * s.dilation_x;
              if (iy < 0 || iy >= s.height || ix < 0 || ix >= s.width) continue;
              for (int c = 0; c < Cg; ++c)
                f(index(((std::int64_t{b} * OH + oy) * OW + ox) * s.filters + o),
                  index(((std::int64_t{b} * s.height + iy) * s.width + ix) * s.channels + o / Fg * Cg + c),
                  index(((std::int64_t{o} * s.kernel_y + ky) * s.kernel_x + kx) * Cg + c));
            }
}

Expected totals(const std::vector<TrackedSum>& sums) {
  Expected result;
  for (const TrackedSum& sum : sums) result.push_back(sum.total());
  return result;
}

/// How far a relative error of rounding takes an operand; in two parts, half of what the product of both lower ones
/// takes off is in it.
constexpr double kOnePart = 0x1p-8, kTwoParts = 0x1p-15;
double unit_of_inputs(Precision precision) {
  return precision == Precision::float32 ? 0 : precision == Precision::bf16x2 ? kTwoParts : kOnePart;
}
double unit_of_weights(Precision precision) {
  return precision == Precision::float32 ? 0 : precision == Precision::bf16 ? kOnePart : kTwoParts;
}

/// Row of parameters: kBefore floats, w, bias.
Expected forward(const ConvShape& s, int count, const Values& x, const Values& row, const Values* residual, bool max0,
                 Precision precision = Precision::float32) {
  const auto rounded = [](double value, double unit) { return Tracked(value, unit * std::abs(value)); };
  const double x_unit = unit_of_inputs(precision), w_unit = unit_of_weights(precision);
  std::vector<TrackedSum> sums(index(count * s.output().size()));
  for_each_product(s, count, [&](std::size_t y, std::size_t from, std::size_t w) {
    sums[y].add(rounded(x[from], x_unit) * rounded(row[w + kBefore], w_unit));
  });
  const std::size_t bias = index(kBefore + s.weights().size());
  for (std::size_t y = 0; y < sums.size(); ++y) {
    sums[y].add(row[bias + y % index(s.filters)]);
    if (residual) sums[y].add((*residual)[y]);
  }
  Expected result = totals(sums);
  for (Tracked& y : result)
    if (max0) y = relu(y);
  return result;
}

Expected backward_data(const ConvShape& s, int count, const Values& dy, const Values& row) {
  std::vector<TrackedSum> sums(index(count * s.input().size()));
  for_each_product(
      s, count, [&](std::size_t y, std::size_t x, std::size_t w) { sums[x].add(Tracked(dy[y]) * row[w + kBefore]); });
  return totals(sums);
}

std::vector<Expected> backward_weights(const ConvShape& s, int count, const Values& x, const Values& dy) {
  std::vector<TrackedSum> sums(index(s.weights().size())), bias(index(s.filters));
  for_each_product(s, count,
                   [&](std::size_t y, std::size_t from, std::size_t w) { sums[w].add(Tracked(x[from]) * dy[y]); });
  for (std::size_t y = 0; y < index(count * s.output().size()); ++y) bias[y % index(s.filters)].add(dy[y]);
  return {totals(sums), totals(bias)};
}

/// forward_packed; with a residual it is y itself, as in a plan that adds in place.
OpCase packed_case(OpCase op, const ConvShape& s, bool with_residual, Precision precision) {
  op.run = [s, with_residual, precision](Stream& stream, const Batch& batch, Inputs in, Outputs out) {
    const std::int64_t bias = kBefore + s.weights().size();
    const Tensor<float> packed(stream, {batch.models, ops::conv_packed_size(stream, s, batch.size, precision)});
    ops::conv_pack(stream, s, batch.size, batch.models, slot(in[1], kBefore), packed, precision);
    if (with_residual) copy_on_device(stream, out[0].data, in[2].data, index(in[2].size()) * sizeof(float));
    ops::conv_forward_packed(stream, s, batch, in[0], slot<const float>(packed, 0), slot(in[1], bias),
                             with_residual ? out[0] : View<float>(), with_residual, out[0], precision);
  };
  op.oracle = [s, with_residual, precision](int count, const std::vector<Values>& in) {
    const Values* const residual = with_residual ? &in[2] : nullptr;
    return std::vector<Expected>{forward(s, count, in[0], in[1], residual, with_residual, precision)};
  };
  return op;
}

OpArray samples(int rows, int batch, const Shape& sample) { return {sample.under(batch).under(rows), true}; }

OpCase common_case(const ConvShape& s, int models, int batch) {
  OpCase common{.models = models, .size = batch, .counts = ragged(models, batch)};
  common.flop = 2.0 * models * batch * static_cast<double>(s.output().size() * s.weights().size() / s.filters);
  return common;
}

}  // namespace

std::vector<OpCase> conv(const std::string& name, const ConvShape& s, int models, int batch) {
  const std::int64_t bias = kBefore + s.weights().size();
  const OpArray x = samples(models, batch, s.input()), y = samples(models, batch, s.output());
  const OpArray rows{{models, bias + s.filters}};
  const OpCase common = common_case(s, models, batch);
  std::vector<OpCase> cases(3, common);
  cases[0].name = "conv_forward_" + name;
  cases[0].inputs = {samples(1, batch, s.input()), rows};
  cases[0].outputs = {y};
  cases[0].run = [=](Stream& stream, const Batch& b, Inputs in, Outputs out) {
    ops::conv_forward(stream, s, b, in[0], slot(in[1], kBefore), slot(in[1], bias), true, out[0]);
  };
  cases[0].oracle = [s](int count, const std::vector<Values>& in) {
    return std::vector<Expected>{forward(s, count, in[0], in[1], nullptr, true)};
  };
  cases[1].name = "conv_backward_data_" + name;
  cases[1].inputs = {y, rows};
  cases[1].outputs = {x};
  cases[1].run = [=](Stream& stream, const Batch& b, Inputs in, Outputs out) {
    ops::conv_backward_data(stream, s, b, in[0], slot(in[1], kBefore), out[0]);
  };
  cases[1].oracle = [s](int count, const std::vector<Values>& in) {
    return std::vector<Expected>{backward_data(s, count, in[0], in[1])};
  };
  cases[2].name = "conv_backward_weights_" + name;
  cases[2].inputs = {x, y};
  cases[2].outputs = {{{models, s.weights().size()}}, {{models, s.filters}}};
  cases[2].run = [=](Stream& stream, const Batch& b, Inputs in, Outputs out) {
    ops::conv_backward_weights(stream, s, b, in[0], in[1], slot(out[0], 0), slot(out[1], 0));
  };
  cases[2].oracle = [s](int count, const std::vector<Values>& in) { return backward_weights(s, count, in[0], in[1]); };
  return cases;
}

std::vector<OpCase> packed_conv(const std::string& name, const ConvShape& s, int models, int batch,
                                Precision precision) {
  OpCase common = common_case(s, models, batch);
  const OpArray rows{{models, kBefore + s.weights().size() + s.filters}};
  common.inputs = {samples(models, batch, s.input()), rows, samples(models, batch, s.output())};
  common.outputs = {samples(models, batch, s.output())};
  const std::string kind(kPrecisionNames[static_cast<std::size_t>(precision)]);
  std::vector<OpCase> cases;
  for (const bool with_residual : {false, true}) {
    cases.push_back(packed_case(common, s, with_residual, precision));
    cases.back().name = (with_residual ? "conv_packed_residual_" : "conv_packed_") + kind + "_" + name;
  }
  return cases;
}

std::vector<std::pair<std::string, ConvShape>> network_convs() {
  return {
      {"lenet1", {28, 28, 1, 6, 5, 5, 1, 1, 2, 2}},
      {"lenet2", {14, 14, 6, 16, 5, 5}},
      {"lenet16", {28, 28, 1, 16, 5, 5, 1, 1, 2, 2}},
      {"cnn1", {28, 28, 1, 32, 5, 5}},
      {"cnn2", {12, 12, 32, 64, 5, 5}},
      {"stem", {32, 32, 3, 16, 3, 3, 1, 1, 1, 1}},
      {"block", {16, 16, 16, 16, 3, 3, 1, 1, 1, 1}},
      {"block_down", {16, 16, 16, 32, 3, 3, 2, 2, 1, 1}},
      {"block64", {8, 8, 64, 64, 3, 3, 1, 1, 1, 1}},
      {"pointwise", {9, 5, 24, 40, 1, 1}},
      {"shortcut", {16, 16, 16, 32, 1, 1, 2, 2}},
      {"dilated", {14, 13, 16, 16, 3, 3, 1, 1, 2, 2, 2, 2}},
      {"grouped", {12, 12, 32, 64, 3, 3, 1, 1, 1, 1, 1, 1, 4}},
      {"grouped_odd", {7, 9, 6, 9, 3, 2, 2, 1, 1, 0, 1, 1, 3}},
      {"depthwise", {25, 5, 64, 64, 3, 3, 1, 1, 1, 1, 1, 1, 64}},
      {"depthwise_down", {16, 16, 24, 24, 3, 3, 2, 2, 1, 1, 1, 1, 24}},
      {"depthwise_twice", {10, 10, 12, 24, 3, 3, 1, 1, 1, 1, 1, 1, 12}},
      {"keywords", {49, 10, 1, 64, 10, 4, 2, 2, 4, 1}},
      {"odd", {13, 11, 45, 45, 3, 3, 1, 1, 1, 1}},
      {"valid", {12, 10, 32, 48, 3, 3}},
      {"few_filters", {9, 11, 3, 5, 5, 5, 1, 2, 1, 2}},
      {"two_channels", {8, 9, 2, 12, 3, 3, 1, 1, 1, 1}},
      {"few_channels", {10, 7, 5, 20, 3, 4, 2, 2, 0, 1}},
      {"five_taps", {9, 8, 16, 16, 5, 5, 1, 1, 2, 2}},
      {"wide_padding", {6, 7, 16, 40, 3, 3, 1, 1, 2, 1}},
  };
}

}  // namespace fedscape::cases
