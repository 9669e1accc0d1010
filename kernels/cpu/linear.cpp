#include <algorithm>

#include "fedscape/device/team.hpp"
#include "fedscape/tensor/tensor.hpp"
#include "kernels/cpu/dot_products.hpp"
#include "kernels/cpu/gemm.hpp"
#include "kernels/cpu/row_blocks.hpp"
#include "kernels/cpu/strip_gemm.hpp"
#include "kernels/gemm.hpp"

namespace fedscape::kernels {

namespace {

/// A matrix whose rows fill a register at least: the given one, or a copy with zeros behind each row.
class Padded {
 public:
  Padded(Stream& stream, std::int64_t rows, int columns, const float* from) : Padded(stream, rows, columns) {
    for (std::int64_t r = 0; data() && r < rows; ++r)
      std::fill(std::copy_n(from + r * columns, columns, data() + r * kWide), data() + (r + 1) * kWide, 0.0f);
  }
  Padded(Stream& stream, std::int64_t rows, int columns) {
    if (columns < kWide) copy_ = Tensor<float>(stream, {rows, kWide});
  }
  float* data() const { return copy_.data(); }
  const float* or_else(const float* given) const { return data() ? data() : given; }
  float* or_else(float* given) const { return data() ? data() : given; }
  void copy_to(float* to, std::int64_t rows, int columns) const {
    for (std::int64_t r = 0; data() && r < rows; ++r) std::copy_n(data() + r * kWide, columns, to + r * columns);
  }

 private:
  Tensor<float> copy_;
};

struct Forward {
  int I, O;
  const float *x, *w, *bias;
  bool relu;
  float* y;
};

constexpr int kRows = kWide == 16 ? 6 : 3;  // with four outputs: 24 of 32 registers, or 12 of 16, hold sums
constexpr std::int64_t kSamples = 48;       // whose sums are held at once
constexpr std::int64_t kStretch = 1024;     // depth at which a few samples and weights fit in the first-level cache

/// The sums of samples of x and of `outputs` <= kWide outputs from o on, in registers: [samples, kWide, kWide].
void add_outputs(const Forward& f, const Depth& depth, std::int64_t samples, const float* x, int o, int outputs,
                 float* sums) {
  const std::int64_t stretches = (depth.whole + kStretch - 1) / kStretch;
  const std::int64_t length = round_to_wide((depth.whole + stretches - 1) / stretches);
  const float *first = f.w + std::int64_t{o} * f.I, *end = f.w + std::int64_t{f.O} * f.I;
  for (Stretch part{0, 0}; part.begin < depth.whole; part.begin = part.end) {
    part.end = std::min(depth.whole, part.begin + length);
    int n = 0;
    const auto add = [&]<int N>(std::integral_constant<int, N>) {
      for (; n + N <= outputs; n += N) {
        const float *w = first + n * depth.size, *next = w + N * depth.size;
        if (n + N == outputs) next = part.end < depth.whole ? first + length : next - part.begin;
        for_each_block<kRows>(samples, [&](auto rows, std::int64_t b) {
          add_dots<rows, N>(depth, part, x + b * f.I, w, b > 0 || next >= end ? nullptr : next,
                            sums + (b * kWide + n) * kWide);
        });
      }
    };
    add(std::integral_constant<int, 4>());
    add(std::integral_constant<int, 2>());
    add(std::integral_constant<int, 1>());
  }
}

/// y of samples and outputs from their sums.
void finish_outputs(const Forward& f, std::int64_t samples, const float* sums, int o, int outputs, float* y) {
  Wide bias{};
  if (f.bias) std::memcpy(&bias, f.bias + o, static_cast<std::size_t>(outputs) * sizeof(float));
  for (std::int64_t b = 0; b < samples; ++b, sums += kWide * kWide) {
    Wide value = sum_lanes(sums) + bias;  // lanes beyond the outputs hold anything
    if (f.relu) value = value < 0 ? Wide{} : value;
    float* to = y + b * f.O + o;
    if (outputs == kWide)
      store(to, value);
    else
      std::memcpy(to, &value, static_cast<std::size_t>(outputs) * sizeof(float));
  }
}

/// The outputs of registers begin..end-1.
void forward(Stream& stream, std::int64_t B, const Forward& f, std::int64_t begin, std::int64_t end) {
  const ArenaScope scope(stream);
  const Tensor<float> sums(stream, {std::min(B, kSamples), kWide, kWide});
  const Depth depth(f.I);
  for (std::int64_t first = 0; first < B; first += kSamples) {
    const std::int64_t samples = std::min(kSamples, B - first);
    for (int o = static_cast<int>(begin * kWide); o < std::min<std::int64_t>(f.O, end * kWide); o += kWide) {
      const int outputs = std::min(kWide, f.O - o);
      add_outputs(f, depth, samples, f.x + first * f.I, o, outputs, sums.data());
      finish_outputs(f, samples, sums.data(), o, outputs, f.y + first * f.O);
    }
  }
}

void share_rows(Stream& stream, const StripProduct& product) {
  share_range(stream, product.rows, 4 * strip::kRows, [&](Stream&, std::int64_t begin, std::int64_t end) {
    StripProduct part = product;
    part.rows = end - begin;
    part.a += begin;
    part.c += begin * product.columns;
    multiply_strips(part);
  });
}

/// [rows, columns] as [columns, rows].
Tensor<float> transposed(Stream& stream, std::int64_t rows, std::int64_t columns, const float* from) {
  Tensor<float> to(stream, {columns, rows});
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t c = 0; c < columns; ++c) to.data()[c * rows + r] = from[r * columns + c];
  return to;
}

}  // namespace

void linear_forward(Cpu, Stream& stream, const Batch& batch, int I, int O, Slot<const float> x, Slot<const float> w,
                    Slot<const float> bias, bool relu, Slot<float> y) {
  for (int m = 0; m < batch.models; ++m) {
    const ArenaScope scope(stream);
    const int B = batch.count(m);
    const Padded wide_x(stream, B, I, x.row(m)), wide_w(stream, O, I, w.row(m));
    const Forward all{
        std::max(I, kWide), O, wide_x.or_else(x.row(m)), wide_w.or_else(w.row(m)), bias.row(m), relu, y.row(m)};
    share_range(stream, round_to_wide(O) / kWide, 1,
                [&](Stream& own, std::int64_t begin, std::int64_t end) { forward(own, B, all, begin, end); });
  }
}

void linear_backward_data(Cpu, Stream& stream, const Batch& batch, int I, int O, Slot<const float> dy,
                          Slot<const float> w, Slot<float> dx) {
  for (int m = 0; m < batch.models; ++m) {
    const ArenaScope scope(stream);
    const int B = batch.count(m);
    const Padded wide_w(stream, O, I, w.row(m)), wide_dx(stream, B, I);
    const Tensor<float> columns = transposed(stream, B, O, dy.row(m));
    share_rows(stream, {.rows = B,
                        .columns = std::max(I, kWide),
                        .depth = O,
                        .a = columns.data(),
                        .a_step = B,
                        .b = wide_w.or_else(w.row(m)),
                        .c = wide_dx.or_else(dx.row(m))});
    wide_dx.copy_to(dx.row(m), B, I);
  }
}

void linear_backward_weights(Cpu, Stream& stream, const Batch& batch, int I, int O, Slot<const float> x,
                             Slot<const float> dy, Slot<float> dw, Slot<float> dbias) {
  for (int m = 0; m < batch.models; ++m) {
    const ArenaScope scope(stream);
    const int B = batch.count(m);
    const Padded wide_x(stream, B, I, x.row(m)), wide_dw(stream, O, I);
    share_rows(stream, {.rows = O,
                        .columns = std::max(I, kWide),
                        .depth = B,
                        .a = dy.row(m),
                        .a_step = O,
                        .b = wide_x.or_else(x.row(m)),
                        .c = wide_dw.or_else(dw.row(m))});
    wide_dw.copy_to(dw.row(m), O, I);
    if (dbias.data) sum_rows(stream, B, O, dy.row(m), dbias.row(m));
  }
}

}  // namespace fedscape::kernels
