#include "kernels/conv.hpp"

#include <algorithm>

#include "kernels/cpu/conv_lowered.hpp"
#include "kernels/cpu/gemm.hpp"

namespace fedscape::kernels {

void conv_forward(Cpu, Stream& stream, const ConvShape& shape, const Batch& batch, Slot<const float> x,
                  Slot<const float> w, Slot<const float> bias, bool relu, Slot<float> y) {
  for (int m = 0; m < batch.models; ++m)
    lowered::forward(stream, shape, batch.count(m), x.row(m), w.row(m), bias.row(m), nullptr, relu, y.row(m));
}

void conv_backward_data(Cpu, Stream& stream, const ConvShape& shape, const Batch& batch, Slot<const float> dy,
                        Slot<const float> w, Slot<float> dx) {
  for (int m = 0; m < batch.models; ++m)
    lowered::backward_data(stream, shape, batch.count(m), dy.row(m), w.row(m), dx.row(m));
}

void conv_backward_weights(Cpu, Stream& stream, const ConvShape& shape, const Batch& batch, Slot<const float> x,
                           Slot<const float> dy, Slot<float> dw, Slot<float> dbias) {
  const std::int64_t positions = std::int64_t{shape.out_height()} * shape.out_width();
  for (int m = 0; m < batch.models; ++m) {
    lowered::backward_weights(stream, shape, batch.count(m), x.row(m), dy.row(m), dw.row(m));
    if (dbias.data) sum_rows(stream, batch.count(m) * positions, shape.filters, dy.row(m), dbias.row(m));
  }
}

std::int64_t conv_packed_size(Cpu, Stream&, const ConvShape& shape, int) { return shape.weights().size(); }

void conv_pack(Cpu, Stream&, const ConvShape& shape, int, int models, Slot<const float> w, Slot<float> packed) {
  for (int m = 0; m < models; ++m) std::copy_n(w.row(m), shape.weights().size(), packed.row(m));
}

void conv_forward_packed(Cpu, Stream& stream, const ConvShape& shape, const Batch& batch, Slot<const float> x,
                         Slot<const float> packed, Slot<const float> bias, Slot<const float> residual, bool relu,
                         Slot<float> y) {
  for (int m = 0; m < batch.models; ++m)
    lowered::forward(stream, shape, batch.count(m), x.row(m), packed.row(m), bias.row(m), residual.row(m), relu,
                     y.row(m));
}

}  // namespace fedscape::kernels
