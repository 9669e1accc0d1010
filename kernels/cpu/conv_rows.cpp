#include "kernels/cpu/conv_rows.hpp"

#include <algorithm>

#include "fedscape/tensor/tensor.hpp"
#include "kernels/cpu/register_gemm.hpp"
#include "kernels/cpu/tiles.hpp"

namespace fedscape::kernels::rows {

namespace {

constexpr int kFew = 8;

bool is_plain(const ConvShape& s) { return s.groups == 1 && s.dilation_y == 1 && s.dilation_x == 1; }

/// Inputs that a filter meets on one row.
std::int64_t line(const ConvShape& s) { return std::int64_t{s.kernel_x} * s.channels; }

/// In whole registers: of eight lanes where that is enough.
std::int64_t padded(std::int64_t floats) { return floats <= 8 ? 8 : round_to_wide(floats); }

/// multiply_in_registers for a multiple of eight columns.
void multiply(std::int64_t rows, std::int64_t columns, const Left& a, const Right& b, const Addend& addend, float* c,
              std::int64_t c_row) {
  if (columns % kWide != 0)
    multiply_in_registers<Float8>(rows, columns, a, b, addend, c, c_row);
  else
    multiply_in_registers<Wide>(rows, columns, a, b, addend, c, c_row);
}

/// A sample with zeros around it, and room behind it for the last register of a line.
class Padded {
 public:
  Padded(Stream& stream, const ConvShape& s)
      : shape_(s),
        row_((s.width + 2 * s.pad_x) * std::int64_t{s.channels}),
        copy_(stream, {(s.height + 2 * s.pad_y) * row_ + kWide}) {
    clear();
  }
  void clear() { std::fill_n(copy_.data(), copy_.size(), 0.0f); }
  std::int64_t row() const { return row_; }
  /// What the filters meet at ky = 0 for row oy of the outputs.
  float* at(int oy) const { return copy_.data() + oy * shape_.stride_y * row_; }

  void read(const float* x) {
    for_each_row([&](float* inside, std::int64_t at, std::int64_t n) { std::copy_n(x + at, n, inside); });
  }
  void write(float* x) {
    for_each_row([&](const float* inside, std::int64_t at, std::int64_t n) { std::copy_n(inside, n, x + at); });
  }

 private:
  template <class F>
  void for_each_row(F&& f) {
    const std::int64_t floats = std::int64_t{shape_.width} * shape_.channels;
    for (int y = 0; y < shape_.height; ++y)
      f(copy_.data() + (y + shape_.pad_y) * row_ + std::int64_t{shape_.pad_x} * shape_.channels, y * floats, floats);
  }

  const ConvShape& shape_;
  std::int64_t row_;
  Tensor<float> copy_;
};

/// Every line of the filters in whole registers: [filters, ky, padded line].
Tensor<float> pad_lines(Stream& stream, const ConvShape& s, const float* w) {
  const std::int64_t n = line(s), columns = padded(n), lines = std::int64_t{s.filters} * s.kernel_y;
  Tensor<float> all(stream, {lines, columns});
  for (std::int64_t i = 0; i < lines; ++i)
    std::fill_n(std::copy_n(w + i * n, n, all.data() + i * columns), columns - n, 0.0f);
  return all;
}

}  // namespace

bool serves_forward(const ConvShape& s) { return is_plain(s) && s.filters <= kFew; }
bool serves_backward_data(const ConvShape& s) { return is_plain(s) && s.channels <= kFew && s.channels > 1; }
bool serves_backward_weights(const ConvShape& s) {
  return is_plain(s) && s.filters <= kFew && 4 * line(s) >= 3 * padded(line(s));
}

/// Eight lanes for the filters: where there are fewer, the rest falls on the next pixel, which is written afterwards;
/// the last row goes through scratch memory.
void forward(Stream& stream, const ConvShape& s, int count, const float* x, const float* w, const float* bias,
             bool relu, float* y) {
  const ArenaScope scope(stream);
  const std::int64_t depth = s.kernel_y * line(s), width = s.out_width(), floats = width * s.filters;
  const Tensor<float> taps(stream, {depth, kFew}), start(stream, {kFew}), scratch(stream, {width, kFew});
  std::fill_n(taps.data(), taps.size(), 0.0f);
  for (std::int64_t k = 0; k < s.filters; ++k)
    for (std::int64_t d = 0; d < depth; ++d) taps.data()[d * kFew + k] = w[k * depth + d];
  std::fill_n(start.data(), kFew, 0.0f);
  if (bias) std::copy_n(bias, s.filters, start.data());
  Padded map(stream, s);
  for (int b = 0; b < count; ++b, x += s.input().size()) {
    map.read(x);
    for (int oy = 0; oy < s.out_height(); ++oy, y += floats) {
      const Left pixels{map.at(oy), std::int64_t{s.stride_x} * s.channels, 1, line(s), s.kernel_y, map.row()};
      const bool last = b + 1 == count && oy + 1 == s.out_height();
      float* const sums = last ? scratch.data() : y;
      const std::int64_t sums_row = last ? kFew : s.filters;
      multiply(width, kFew, pixels, {taps.data(), kFew}, {start.data(), 0}, sums, sums_row);
      for (std::int64_t p = 0; last && p < width; ++p) std::copy_n(sums + p * kFew, s.filters, y + p * s.filters);
      for (std::int64_t i = 0; relu && i < floats; ++i) y[i] = y[i] < 0 ? 0 : y[i];
    }
  }
}

void backward_data(Stream& stream, const ConvShape& s, int count, const float* dy, const float* w, float* dx) {
  const ArenaScope scope(stream);
  const std::int64_t width = s.out_width(), columns = padded(line(s)), all = s.kernel_y * columns;
  const Tensor<float> lines = pad_lines(stream, s, w), given(stream, {width, all});
  Padded map(stream, s);
  const auto add = [&]<class V>(const V&, float* to, const float* from) {
    for (std::int64_t c = 0; c < columns; c += static_cast<std::int64_t>(sizeof(V) / sizeof(float)))
      store(to + c, load<V>(to + c) + load<V>(from + c));
  };
  for (int b = 0; b < count; ++b, dx += s.input().size()) {
    map.clear();
    for (int oy = 0; oy < s.out_height(); ++oy, dy += width * s.filters) {
      multiply(width, all, {dy, s.filters, 1, s.filters}, {lines.data(), all}, {}, given.data(), all);
      // Neighbours overlap: between a pixel's sums and the next one's lie those of its other rows, or loads would wait.
      for (std::int64_t ox = 0; ox < width; ++ox)
        for (int ky = 0; ky < s.kernel_y; ++ky) {
          float* const to = map.at(oy) + ky * map.row() + ox * s.stride_x * s.channels;
          const float* const from = given.data() + ox * all + ky * columns;
          columns == 8 ? add(Float8{}, to, from) : add(Wide{}, to, from);
        }
    }
    map.write(dx);
  }
}

void backward_weights(Stream& stream, const ConvShape& s, int count, const float* x, const float* dy, float* dw) {
  const ArenaScope scope(stream);
  const std::int64_t n = line(s), columns = padded(n), all = s.kernel_y * columns, step = s.stride_x * s.channels;
  const Tensor<float> sums(stream, {s.filters, all});
  Padded map(stream, s);
  for (int b = 0; b < count; ++b, x += s.input().size(), dy += s.output().size()) {
    map.read(x);
    const Left gradients{dy, 1, s.filters, s.out_width(), s.out_height(), s.out_width() * std::int64_t{s.filters}};
    for (int ky = 0; ky < s.kernel_y; ++ky) {
      const Right pixels{map.at(0) + ky * map.row(), step, s.stride_y * map.row() - s.out_width() * step};
      float* const to = sums.data() + ky * columns;
      multiply(s.filters, columns, gradients, pixels, {b > 0 ? to : nullptr, all}, to, all);
    }
  }
  for (std::int64_t i = 0; i < std::int64_t{s.filters} * s.kernel_y; ++i)
    std::copy_n(sums.data() + i * columns, n, dw + i * n);
}

}  // namespace fedscape::kernels::rows
