#include "kernels/conv.hpp"

#include <algorithm>

#include "fedscape/device/team.hpp"
#include "fedscape/tensor/tensor.hpp"
#include "kernels/cpu/conv_bf16.hpp"
#include "kernels/cpu/conv_lowered.hpp"
#include "kernels/cpu/conv_primitive.hpp"
#include "kernels/cpu/conv_rows.hpp"
#include "kernels/cpu/gemm.hpp"
#include "kernels/cpu/winograd.hpp"

/// Four ways to a convolution: Winograd's where it saves multiplications, by rows where there are few filters or
/// channels, else a kernel of oneDNN's, else our lowering to matrix products. The choice depends on the shape, and
/// between the last two on whether oneDNN has a kernel. Packed weights may be bf16, whose products are taken directly.
namespace fedscape::kernels {

namespace {

/// Samples that a thread takes at least: our own kernels pay for fewer with what they set up.
constexpr std::int64_t kLeast = 8;
/// Samples whose weight gradients are summed in one go. Those of a large batch are sums of such pieces, with a team and
/// without.
constexpr std::int64_t kSummed = 32;

/// Calls f(stream, samples, from, to) for stretches of `count` samples of `from`, and of what becomes of them in `to`.
template <class F>
void share_samples(Stream& stream, const Shape& from, const float* x, const Shape& to, float* y, int count, F&& f) {
  share_range(stream, count, kLeast, [&](Stream& own, std::int64_t begin, std::int64_t end) {
    f(own, static_cast<int>(end - begin), x + begin * from.size(), y + begin * to.size());
  });
}

/// One model's convolutions.
void forward(Stream& stream, const ConvShape& shape, int count, const float* x, const float* w, const float* bias,
             bool relu, float* y) {
  const ArenaScope scope(stream);
  if (winograd::serves(shape)) {
    const Tensor<float> packed(stream, {winograd::packed_size(shape)});
    winograd::pack(shape, w, packed.data());
    return share_samples(stream, shape.input(), x, shape.output(), y, count, [&](auto& own, int n, auto in, auto out) {
      winograd::forward(own, shape, n, in, packed.data(), bias, nullptr, relu, out);
    });
  }
  if (rows::serves_forward(shape))
    return share_samples(stream, shape.input(), x, shape.output(), y, count, [&](auto& own, int n, auto in, auto out) {
      rows::forward(own, shape, n, in, w, bias, relu, out);
    });
  ConvPrimitive& conv = conv_primitive(stream, {shape, ConvPass::forward, count, bias != nullptr, false, relu});
  if (!conv.usable()) return lowered::forward(stream, shape, count, x, w, bias, nullptr, relu, y);
  const Tensor<float> packed(stream, {conv.packed_size()});
  conv.pack(stream, w, packed.data());
  conv.forward(stream, x, packed.data(), bias, y);
}

void backward_data(Stream& stream, const ConvShape& shape, int count, const float* dy, const float* w, float* dx) {
  const ArenaScope scope(stream);
  if (winograd::serves_backward_data(shape)) {
    const Tensor<float> packed(stream, {winograd::packed_size(shape)});
    winograd::pack_backward(shape, w, packed.data());
    return share_samples(
        stream, shape.output(), dy, shape.input(), dx, count,
        [&](auto& own, int n, auto in, auto out) { winograd::backward_data(own, shape, n, in, packed.data(), out); });
  }
  if (rows::serves_backward_data(shape))
    return share_samples(stream, shape.output(), dy, shape.input(), dx, count,
                         [&](auto& own, int n, auto in, auto out) { rows::backward_data(own, shape, n, in, w, out); });
  ConvPrimitive& conv = conv_primitive(stream, {shape, ConvPass::backward_data, count});
  if (!conv.usable()) return lowered::backward_data(stream, shape, count, dy, w, dx);
  const Tensor<float> packed(stream, {conv.packed_size()});
  conv.pack(stream, w, packed.data());
  conv.backward_data(stream, dy, packed.data(), dx);
}

/// Gradients by one of our own kernels.
template <class Kernel>
void backward_weights_in_pieces(Stream& stream, const ConvShape& shape, std::int64_t count, const float* x,
                                const float* dy, float* dw, Kernel&& kernel) {
  const std::int64_t pieces = (count + kSummed - 1) / kSummed, size = shape.weights().size();
  const Tensor<float> later(stream, {pieces - 1, size});
  share_out(stream, pieces, [&](Stream& own, std::int64_t p) {
    const std::int64_t begin = count * p / pieces, end = count * (p + 1) / pieces;
    kernel(own, shape, static_cast<int>(end - begin), x + begin * shape.input().size(),
           dy + begin * shape.output().size(), p == 0 ? dw : later.data() + (p - 1) * size);
  });
  for (std::int64_t p = 0; p + 1 < pieces; ++p)
    for (std::int64_t i = 0; i < size; ++i) dw[i] += later.data()[p * size + i];
}

void backward_weights(Stream& stream, const ConvShape& shape, int count, const float* x, const float* dy, float* dw) {
  const ArenaScope scope(stream);
  if (winograd::serves(shape))
    return backward_weights_in_pieces(stream, shape, count, x, dy, dw, winograd::backward_weights);
  if (rows::serves_backward_weights(shape))
    return backward_weights_in_pieces(stream, shape, count, x, dy, dw, rows::backward_weights);
  ConvPrimitive& conv = conv_primitive(stream, {shape, ConvPass::backward_weights, count});
  if (!conv.usable()) return lowered::backward_weights(stream, shape, count, x, dy, dw);
  const Tensor<float> packed(stream, {conv.packed_size()});
  conv.backward_weights(stream, x, dy, packed.data());
  conv.unpack(stream, packed.data(), dw);
}

/// How weights that serve many batches are kept.
enum class Packing { bf16, winograd, primitive, none };

/// A primitive must exist for the whole batch with all that may follow the convolution.
Packing packing(Stream& stream, const ConvShape& shape, int batch_size, Precision precision) {
  if (precision != Precision::float32 && bf16::serves(shape)) return Packing::bf16;
  if (winograd::serves(shape)) return Packing::winograd;
  if (rows::serves_forward(shape)) return Packing::none;
  if (!conv_primitive(stream, {shape, ConvPass::forward, batch_size}).usable()) return Packing::none;
  const ConvRequest most{shape, ConvPass::forward, batch_size, true, true, true};
  return packed_conv_primitive(stream, most, batch_size).usable() ? Packing::primitive : Packing::none;
}

void primitive_forward(Stream& stream, const ConvShape& shape, int batch_size, int count, const float* x,
                       const float* packed, const float* bias, const float* residual, bool relu, float* y) {
  ConvRequest request{shape, ConvPass::forward, count, bias != nullptr, residual != nullptr, relu};
  // A partial batch may have no kernel for weights in this order; then the samples behind it are computed as well.
  if (!packed_conv_primitive(stream, request, batch_size).usable()) request.count = batch_size;
  if (residual && residual != y) std::copy_n(residual, count * shape.output().size(), y);
  packed_conv_primitive(stream, request, batch_size).forward(stream, x, packed, bias, y);
}

void plain_forward(Stream& stream, const ConvShape& shape, int count, const float* x, const float* w, const float* bias,
                   const float* residual, bool relu, float* y) {
  if (!residual && rows::serves_forward(shape)) return rows::forward(stream, shape, count, x, w, bias, relu, y);
  lowered::forward(stream, shape, count, x, w, bias, residual, relu, y);
}

}  // namespace

void conv_forward(Cpu, Stream& stream, const ConvShape& shape, const Batch& batch, Slot<const float> x,
                  Slot<const float> w, Slot<const float> bias, bool relu, Slot<float> y) {
  for (int m = 0; m < batch.models; ++m)
    if (batch.count(m) > 0) forward(stream, shape, batch.count(m), x.row(m), w.row(m), bias.row(m), relu, y.row(m));
}

void conv_backward_data(Cpu, Stream& stream, const ConvShape& shape, const Batch& batch, Slot<const float> dy,
                        Slot<const float> w, Slot<float> dx) {
  for (int m = 0; m < batch.models; ++m)
    if (batch.count(m) > 0) backward_data(stream, shape, batch.count(m), dy.row(m), w.row(m), dx.row(m));
}

void conv_backward_weights(Cpu, Stream& stream, const ConvShape& shape, const Batch& batch, Slot<const float> x,
                           Slot<const float> dy, Slot<float> dw, Slot<float> dbias) {
  const std::int64_t positions = std::int64_t{shape.out_height()} * shape.out_width();
  for (int m = 0; m < batch.models; ++m) {
    const int count = batch.count(m);
    if (dbias.data) sum_rows(stream, count * positions, shape.filters, dy.row(m), dbias.row(m));
    if (count > 0)
      backward_weights(stream, shape, count, x.row(m), dy.row(m), dw.row(m));
    else
      std::fill_n(dw.row(m), shape.weights().size(), 0.0f);
  }
}

std::int64_t conv_packed_size(Cpu, Stream& stream, const ConvShape& shape, int batch_size, Precision precision) {
  switch (packing(stream, shape, batch_size, precision)) {
    case Packing::bf16:
      return bf16::packed_size(shape, precision);
    case Packing::winograd:
      return winograd::packed_size(shape);
    case Packing::primitive:
      return conv_primitive(stream, {shape, ConvPass::forward, batch_size}).packed_size();
    case Packing::none:
      break;
  }
  return shape.weights().size();
}

void conv_pack(Cpu, Stream& stream, const ConvShape& shape, int batch_size, Precision precision, int models,
               Slot<const float> w, Slot<float> packed) {
  const Packing how = packing(stream, shape, batch_size, precision);
  for (int m = 0; m < models; ++m) switch (how) {
      case Packing::bf16:
        bf16::pack(shape, precision, w.row(m), packed.row(m));
        break;
      case Packing::winograd:
        winograd::pack(shape, w.row(m), packed.row(m));
        break;
      case Packing::primitive:
        conv_primitive(stream, {shape, ConvPass::forward, batch_size}).pack(stream, w.row(m), packed.row(m));
        break;
      case Packing::none:
        std::copy_n(w.row(m), shape.weights().size(), packed.row(m));
        break;
    }
}

void conv_forward_packed(Cpu, Stream& stream, const ConvShape& shape, Precision precision, const Batch& batch,
                         Slot<const float> x, Slot<const float> packed, Slot<const float> bias,
                         Slot<const float> residual, bool relu, Slot<float> y) {
  const Packing how = packing(stream, shape, batch.size, precision);
  for (int m = 0; m < batch.models; ++m) {
    const int count = batch.count(m);
    if (count == 0) continue;
    const float *const in = x.row(m), *const weights = packed.row(m), *const b = bias.row(m),
                       *const sum = residual.row(m);
    switch (how) {
      case Packing::bf16:
        bf16::forward(stream, shape, precision, count, in, weights, b, sum, relu, y.row(m));
        break;
      case Packing::winograd:
        winograd::forward(stream, shape, count, in, weights, b, sum, relu, y.row(m));
        break;
      case Packing::primitive:
        primitive_forward(stream, shape, batch.size, count, in, weights, b, sum, relu, y.row(m));
        break;
      case Packing::none:
        plain_forward(stream, shape, count, in, weights, b, sum, relu, y.row(m));
        break;
    }
  }
}

}  // namespace fedscape::kernels
