#include <algorithm>

#include "fedscape/tensor/tensor.hpp"
#include "kernels/cpu/dot_products.hpp"
#include "kernels/cpu/gemm.hpp"
#include "kernels/cpu/row_blocks.hpp"
#include "kernels/cpu/strip_gemm.hpp"
#include "kernels/gemm.hpp"

namespace fedscape::kernels {

namespace {

constexpr int kRows = kWide == 16 ? 6 : 3;  // with four outputs: 24 of 32 registers, or 12 of 16, hold sums
constexpr std::int64_t kPanel = 48;     // samples whose sums are held at once
constexpr std::int64_t kStretch = 512;  // depth at which ten samples fit in the first-level cache

/// Sums of all samples and kWide outputs (`outputs` of them real): [B, kWide] registers. `following` are the outputs that come next.
void add_samples(const Depth& depth, std::int64_t B, int outputs, const float* x, const float* w, bool more, float* sums) {
  const std::int64_t registers = depth.whole / kWide, stretches = (registers + kStretch / kWide - 1) / (kStretch / kWide);
  const std::int64_t length = (registers + stretches - 1) / stretches * kWide;
  for (std::int64_t begin = 0; begin < depth.whole; begin += length) {
    const Stretch stretch{begin, std::min(depth.whole, begin + length)};
    const bool end = stretch.end == depth.whole;
    int n = 0;
    const auto columns = [&]<int N>(std::integral_constant<int, N>) {
      for (; n + N <= outputs; n += N) {
        const float* at = w + n * depth.size;
        const float* next = at + N * depth.size;
        if (n + N >= outputs) next = end ? (more ? next - begin : nullptr) : w + length;
        for_each_block<kRows>(B, [&](auto rows, std::int64_t first) {
          add_dots<rows, N>(depth, stretch, x + first * depth.size, at, first ? nullptr : next, sums + (first * kWide + n) * kWide);
        });
      }
    };
    columns(std::integral_constant<int, 4>{});
    columns(std::integral_constant<int, 2>{});
    columns(std::integral_constant<int, 1>{});
  }
}

void forward(Stream& stream, std::int64_t B, int I, int O, const float* x, const float* w, const float* bias, bool relu, float* y) {
  const ArenaScope scope(stream);
  const Tensor<float> sums(stream, {std::min(B, kPanel) * kWide, kWide});
  const Depth depth(I);
  for (std::int64_t first = 0; first < B; first += kPanel) {
    const std::int64_t samples = std::min(kPanel, B - first);
    for (int o = 0; o < O; o += kWide) {
      const int outputs = std::min(kWide, O - o);
      add_samples(depth, samples, outputs, x + first * I, w + std::int64_t{o} * I, o + kWide < O, sums.data());
      Wide term{};
      if (bias) std::copy_n(bias + o, outputs, reinterpret_cast<float*>(&term));
      for (std::int64_t b = 0; b < samples; ++b) {
        Wide sum = sum_lanes(sums.data() + b * kWide * kWide) + term;
        if (relu) sum = sum < 0 ? Wide{} : sum;
        float* to = y + (first + b) * O + o;
        if (outputs == kWide)
          store(to, sum);
        else
          std::memcpy(to, &sum, static_cast<std::size_t>(outputs) * sizeof(float));
      }
    }
  }
}

void backward_data(Stream& stream, std::int64_t B, int I, int O, const float* dy, const float* w, float* dx) {
  const ArenaScope scope(stream);
  const Tensor<float> transposed(stream, {O, B});
  for (std::int64_t b = 0; b < B; ++b)
    for (int o = 0; o < O; ++o) transposed.data()[o * B + b] = dy[b * O + o];
  multiply_strips({B, I, O, transposed.data(), B, w, dx});
}

}  // namespace

void linear_forward(Cpu, Stream& stream, const Batch& batch, int I, int O, Slot<const float> x, Slot<const float> w,
                    Slot<const float> bias, bool relu, Slot<float> y) {
  for (int m = 0; m < batch.models; ++m) {
    const int B = batch.count(m);
    if (I >= kWide) {
      forward(stream, B, I, O, x.row(m), w.row(m), bias.row(m), relu, y.row(m));
      continue;
    }
    multiply(B, O, I, x.row(m), I, Transpose::no, w.row(m), I, Transpose::yes, 0, y.row(m), O);
    add_bias(B, O, bias.row(m), relu, y.row(m));
  }
}

void linear_backward_data(Cpu, Stream& stream, const Batch& batch, int I, int O, Slot<const float> dy, Slot<const float> w,
                          Slot<float> dx) {
  for (int m = 0; m < batch.models; ++m)
    if (I >= kWide)
      backward_data(stream, batch.count(m), I, O, dy.row(m), w.row(m), dx.row(m));
    else
      multiply(batch.count(m), I, O, dy.row(m), O, Transpose::no, w.row(m), I, Transpose::no, 0, dx.row(m), I);
}

void linear_backward_weights(Cpu, Stream& stream, const Batch& batch, int I, int O, Slot<const float> x,
                             Slot<const float> dy, Slot<float> dw, Slot<float> dbias) {
  for (int m = 0; m < batch.models; ++m) {
    const int B = batch.count(m);
    if (I >= kWide)
      multiply_strips({O, I, B, dy.row(m), O, x.row(m), dw.row(m)});
    else
      multiply(O, I, B, dy.row(m), O, Transpose::yes, x.row(m), I, Transpose::no, 0, dw.row(m), I);
    if (dbias.data) sum_rows(stream, B, O, dy.row(m), dbias.row(m));
  }
}

}  // namespace fedscape::kernels
