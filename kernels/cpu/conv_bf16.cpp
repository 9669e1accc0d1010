#include "kernels/cpu/conv_bf16.hpp"

#include <algorithm>
#include <limits>
#include <type_traits>

#include "fedscape/tensor/tensor.hpp"
#include "kernels/cpu/bf16_product.hpp"
#include "kernels/cpu/wide.hpp"

namespace fedscape::kernels::bf16 {

namespace {

bool two_parts_of_inputs(Precision precision) { return precision == Precision::bf16x2; }
bool two_parts_of_weights(Precision precision) { return precision != Precision::bf16; }

/// What one filter meets on one row of the input lies side by side.
Depth depth_of(const ConvShape& s) { return {s.kernel_y, std::int64_t{s.kernel_x} * s.channels}; }

/// How rows of the left matrix lie in padded samples, and where their sums go. Of each line of rows, the first
/// `outputs` are outputs one beside the other; the others, which lie in the padding, are not wanted.
struct Layout {
  explicit Layout(const ConvShape& s)
      : depth(depth_of(s)),
        line(std::int64_t{s.width + 2 * s.pad_x} * s.channels),
        sample((s.height + 2 * s.pad_y) * line),
        outputs(s.out_width()) {
    if (s.out_height() == 1 && s.out_width() == 1) {  // a sample is a row
      sample = std::max(sample, (depth.stretches - 1) * line + depth.blocks() * kTileDepth);
      sample = row = (sample + kTileDepth - 1) / kTileDepth * kTileDepth;
      rows_of_line = outputs = std::numeric_limits<std::int32_t>::max();  // one line of all samples
      one_output = true;
    } else if (s.stride_y == 1 && s.stride_x == 1) {  // a sample is one line after the other
      row = s.channels;
      rows_of_line = s.width + 2 * s.pad_x;
      rows = (s.out_height() - 1) * rows_of_line + s.out_width();
    } else {
      row = std::int64_t{s.stride_x} * s.channels;
      rows_of_line = rows = s.out_width();
      runs = s.out_height();
      run = s.stride_y * line;
    }
  }
  std::int64_t rows_of(int samples) const { return one_output ? samples : rows; }
  /// Elements of `samples` padded samples and of what whole tiles read behind them.
  std::int64_t size(int samples) const {
    const std::int64_t last = (runs - 1) * run + tiles(rows_of(samples)) * kTile * row;
    return std::max(samples * sample, last + (depth.stretches - 1) * line + depth.blocks() * kTileDepth);
  }

  Depth depth;
  std::int64_t line, sample, outputs;
  std::int64_t row = 0, rows = 0, rows_of_line = 1, runs = 1, run = 0;
  bool one_output = false;
};

/// Padded samples as bf16.
class Maps {
 public:
  Maps(Stream& stream, const ConvShape& shape, const Layout& layout, int samples, bool two)
      : shape_(shape), layout_(layout), size_(layout.size(samples)), memory_(stream, {two ? 2 : 1, size_}), two_(two) {
    std::fill_n(memory_.data(), memory_.size(), Bf16{0});
  }
  void load(int samples, const float* x) {
    const std::int64_t row = std::int64_t{shape_.width} * shape_.channels;
    for (int n = 0; n < samples; ++n)
      for (int y = 0; y < shape_.height; ++y, x += row) {
        Bf16* const to =
            high() + n * layout_.sample + (y + shape_.pad_y) * layout_.line + shape_.pad_x * shape_.channels;
        round_to_bf16(row, x, to, two_ ? to + size_ : nullptr);
      }
  }
  Left rows_from(std::int64_t at) const {
    return {high() + at, two_ ? high() + size_ + at : nullptr, layout_.row, layout_.line};
  }

 private:
  Bf16* high() const { return memory_.data(); }

  const ConvShape& shape_;
  const Layout& layout_;
  std::int64_t size_;
  Tensor<Bf16> memory_;
  bool two_;
};

/// Where sums become outputs.
struct Target {
  const float *bias, *residual;
  bool relu;
  float* y;
  std::int64_t filters, rows_of_line, outputs;

  Target from(std::int64_t output) const {
    Target rest = *this;
    rest.y += output * filters;
    if (residual) rest.residual += output * filters;
    return rest;
  }
  void take(const Sums& sums) const;
};

/// Neighbouring outputs from their sums: the columns of one register, or as many as there are.
template <bool kResidual, class Columns>
void finish(const Target& t, std::int64_t at, std::int64_t rows, Columns columns, Wide bias, const float* sums,
            int pitch) {
  const std::size_t bytes = static_cast<std::size_t>(columns) * sizeof(float);
  for (std::int64_t r = 0; r < rows; ++r, at += t.filters, sums += pitch) {
    Wide value = load<Wide>(sums) + bias;
    if constexpr (kResidual) {
      Wide addend{};
      std::memcpy(&addend, t.residual + at, bytes);
      value += addend;
    }
    if (t.relu) value = value < 0 ? Wide{} : value;
    std::memcpy(t.y + at, &value, bytes);
  }
}

void Target::take(const Sums& sums) const {
  std::int64_t line = sums.row / rows_of_line, place = sums.row % rows_of_line;
  for (std::int64_t row = 0, rows; row < sums.rows; row += rows, place += rows) {
    if (place == rows_of_line) ++line, place = 0;
    rows = std::min(sums.rows - row, (place < outputs ? outputs : rows_of_line) - place);
    for (int c = 0; place < outputs && c < sums.columns; c += kWide) {
      const int columns = std::min(kWide, sums.columns - c);
      const std::int64_t column = sums.column + c, at = (line * outputs + place) * filters + column;
      Wide addend{};
      if (bias) std::memcpy(&addend, bias + column, static_cast<std::size_t>(columns) * sizeof(float));
      const auto finish_columns = [&](auto how_many) {
        const float* const from = sums.data + row * sums.pitch + c;
        if (residual)
          finish<true>(*this, at, rows, how_many, addend, from, sums.pitch);
        else
          finish<false>(*this, at, rows, how_many, addend, from, sums.pitch);
      };
      if (columns == kWide)
        finish_columns(std::integral_constant<int, kWide>{});
      else
        finish_columns(columns);
    }
  }
}

}  // namespace

bool serves(const ConvShape& s) {
  const bool fills_tiles = 2 * depth_of(s).length >= kTileDepth;
  return fills_tiles && s.groups == 1 && s.dilation_y == 1 && s.dilation_x == 1;
}

std::int64_t packed_size(const ConvShape& s, Precision precision) {
  return Right::size(depth_of(s), s.filters, two_parts_of_weights(precision)) / 2;
}

void pack(const ConvShape& s, Precision precision, const float* w, float* packed) {
  Right::pack(depth_of(s), s.filters, two_parts_of_weights(precision), w, reinterpret_cast<Bf16*>(packed));
}

void forward(Stream& stream, const ConvShape& s, Precision precision, int count, const float* x, const float* packed,
             const float* bias, const float* residual, bool relu, float* y) {
  const ArenaScope scope(stream);
  const Layout layout(s);
  const int together = layout.one_output ? count : 1;
  const Right filters(layout.depth, two_parts_of_weights(precision), reinterpret_cast<const Bf16*>(packed));
  const Target target{bias, residual, relu, y, s.filters, layout.rows_of_line, layout.outputs};
  Maps maps(stream, s, layout, together, two_parts_of_inputs(precision));
  const Multiplier multiply;
  for (std::int64_t first = 0; first < count; first += together) {
    maps.load(together, x + first * s.input().size());
    for (std::int64_t run = 0; run < layout.runs; ++run) {
      const Target part = target.from(first * s.out_height() * s.out_width() + run * layout.outputs);
      multiply(maps.rows_from(run * layout.run), layout.rows_of(together), filters, s.filters,
               [&](const Sums& sums) { part.take(sums); });
    }
  }
}

}  // namespace fedscape::kernels::bf16
