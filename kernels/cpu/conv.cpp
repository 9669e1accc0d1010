#include "kernels/conv.hpp"

#include <algorithm>

#include "fedscape/tensor/tensor.hpp"
#include "kernels/cpu/conv_lowered.hpp"
#include "kernels/cpu/conv_primitive.hpp"
#include "kernels/cpu/gemm.hpp"

namespace fedscape::kernels {

namespace {

/// Whether weights are packed for oneDNN's kernel, else kept as they are: a kernel must exist for the whole batch with
/// all that may follow the convolution.
bool packs(Stream& stream, const ConvShape& shape, int batch_size) {
  if (!conv_primitive(stream, {shape, ConvPass::forward, batch_size}).usable()) return false;
  const ConvRequest most{shape, ConvPass::forward, batch_size, true, true, true};
  return packed_conv_primitive(stream, most, batch_size).usable();
}

}  // namespace

void conv_forward(Cpu, Stream& stream, const ConvShape& shape, const Batch& batch, Slot<const float> x,
                  Slot<const float> w, Slot<const float> bias, bool relu, Slot<float> y) {
  for (int m = 0; m < batch.models; ++m) {
    const int count = batch.count(m);
    if (count == 0) continue;
    ConvPrimitive& conv = conv_primitive(stream, {shape, ConvPass::forward, count, bias.data != nullptr, false, relu});
    if (!conv.usable()) {
      lowered::forward(stream, shape, count, x.row(m), w.row(m), bias.row(m), nullptr, relu, y.row(m));
      continue;
    }
    const ArenaScope scope(stream);
    const Tensor<float> packed(stream, {conv.packed_size()});
    conv.pack(stream, w.row(m), packed.data());
    conv.forward(stream, x.row(m), packed.data(), bias.row(m), y.row(m));
  }
}

void conv_backward_data(Cpu, Stream& stream, const ConvShape& shape, const Batch& batch, Slot<const float> dy,
                        Slot<const float> w, Slot<float> dx) {
  for (int m = 0; m < batch.models; ++m) {
    const int count = batch.count(m);
    if (count == 0) continue;
    ConvPrimitive& conv = conv_primitive(stream, {shape, ConvPass::backward_data, count});
    if (!conv.usable()) {
      lowered::backward_data(stream, shape, count, dy.row(m), w.row(m), dx.row(m));
      continue;
    }
    const ArenaScope scope(stream);
    const Tensor<float> packed(stream, {conv.packed_size()});
    conv.pack(stream, w.row(m), packed.data());
    conv.backward_data(stream, dy.row(m), packed.data(), dx.row(m));
  }
}

void conv_backward_weights(Cpu, Stream& stream, const ConvShape& shape, const Batch& batch, Slot<const float> x,
                           Slot<const float> dy, Slot<float> dw, Slot<float> dbias) {
  const std::int64_t positions = std::int64_t{shape.out_height()} * shape.out_width();
  for (int m = 0; m < batch.models; ++m) {
    const int count = batch.count(m);
    if (dbias.data) sum_rows(stream, count * positions, shape.filters, dy.row(m), dbias.row(m));
    if (count == 0) {
      std::fill_n(dw.row(m), shape.weights().size(), 0.0f);
      continue;
    }
    ConvPrimitive& conv = conv_primitive(stream, {shape, ConvPass::backward_weights, count});
    if (!conv.usable()) {
      lowered::backward_weights(stream, shape, count, x.row(m), dy.row(m), dw.row(m));
      continue;
    }
    const ArenaScope scope(stream);
    const Tensor<float> packed(stream, {conv.packed_size()});
    conv.backward_weights(stream, x.row(m), dy.row(m), packed.data());
    conv.unpack(stream, packed.data(), dw.row(m));
  }
}

std::int64_t conv_packed_size(Cpu, Stream& stream, const ConvShape& shape, int batch_size) {
  if (!packs(stream, shape, batch_size)) return shape.weights().size();
  return conv_primitive(stream, {shape, ConvPass::forward, batch_size}).packed_size();
}

void conv_pack(Cpu, Stream& stream, const ConvShape& shape, int batch_size, int models, Slot<const float> w,
               Slot<float> packed) {
  const bool reorder = packs(stream, shape, batch_size);
  for (int m = 0; m < models; ++m)
    if (reorder)
      conv_primitive(stream, {shape, ConvPass::forward, batch_size}).pack(stream, w.row(m), packed.row(m));
    else
      std::copy_n(w.row(m), shape.weights().size(), packed.row(m));
}

void conv_forward_packed(Cpu, Stream& stream, const ConvShape& shape, const Batch& batch, Slot<const float> x,
                         Slot<const float> packed, Slot<const float> bias, Slot<const float> residual, bool relu,
                         Slot<float> y) {
  const bool reordered = packs(stream, shape, batch.size);
  for (int m = 0; m < batch.models; ++m) {
    const int count = batch.count(m);
    if (count == 0) continue;
    if (!reordered) {
      lowered::forward(stream, shape, count, x.row(m), packed.row(m), bias.row(m), residual.row(m), relu, y.row(m));
      continue;
    }
    ConvRequest request{shape, ConvPass::forward, count, bias.data != nullptr, residual.data != nullptr, relu};
    // A partial batch may have no kernel for weights in this order; then the samples behind it are computed as well.
    if (!packed_conv_primitive(stream, request, batch.size).usable()) request.count = batch.size;
    if (residual.data && residual.row(m) != y.row(m))
      std::copy_n(residual.row(m), count * shape.output().size(), y.row(m));
    packed_conv_primitive(stream, request, batch.size).forward(stream, x.row(m), packed.row(m), bias.row(m), y.row(m));
  }
}

}  // namespace fedscape::kernels
