#pragma once

#include <compare>
#include <cstdint>

#include "fedscape/device/stream.hpp"
#include "fedscape/ops/batch.hpp"
#include "fedscape/ops/precision.hpp"

namespace fedscape::ops {

/// A 2D convolution of channels-last samples [height, width, channels] with filters [out, ky, kx, in / groups].
struct ConvShape {
  int height = 0, width = 0, channels = 0, filters = 0;
  int kernel_y = 1, kernel_x = 1;
  int stride_y = 1, stride_x = 1;
  int pad_y = 0, pad_x = 0;  // zeros on each side
  int dilation_y = 1, dilation_x = 1;
  int groups = 1;

  int out_height() const { return (height + 2 * pad_y - dilation_y * (kernel_y - 1) - 1) / stride_y + 1; }
  int out_width() const { return (width + 2 * pad_x - dilation_x * (kernel_x - 1) - 1) / stride_x + 1; }
  Shape input() const { return {height, width, channels}; }
  Shape output() const { return {out_height(), out_width(), filters}; }
  Shape weights() const { return {filters, kernel_y, kernel_x, channels / groups}; }
  /// An Error says what does not fit.
  void check() const;
  auto operator<=>(const ConvShape&) const = default;
};

enum class ConvPass { forward, backward_data, backward_weights };

/// y[m] = w[m] * x[m] + bias[m], and max(0, that) with relu.
/// x [M|1,B,height,width,channels], w of each model as weights(), bias [filters] or absent, y [M,B,output()].
void conv_forward(Stream& stream, const ConvShape& shape, const Batch& batch, View<const float> x, Slot<const float> w,
                  Slot<const float> bias, bool relu, View<float> y);
/// The gradient of conv_forward (without relu) with respect to x.   dy as y, dx [M,B,input()].
void conv_backward_data(Stream& stream, const ConvShape& shape, const Batch& batch, View<const float> dy,
                        Slot<const float> w, View<float> dx);
/// The gradients with respect to w and (unless absent) bias; both are overwritten.
void conv_backward_weights(Stream& stream, const ConvShape& shape, const Batch& batch, View<const float> x,
                           View<const float> dy, Slot<float> dw, Slot<float> dbias);

/// Weights in the order that this device's kernel for one (shape, batch size, precision) wants, packed once and used
/// for many batches. Convolutions in groups, with dilation or few channels stay in float32. Floats that the packed
/// weights of one model take:
std::int64_t conv_packed_size(Stream& stream, const ConvShape& shape, int batch_size,
                              Precision precision = Precision::float32);
/// packed [M, conv_packed_size].
void conv_pack(Stream& stream, const ConvShape& shape, int batch_size, int models, Slot<const float> w,
               View<float> packed, Precision precision = Precision::float32);
/// As conv_forward with the packed weights of each model. The sum y = conv + residual (absent: data null; as y, may be
/// y itself) is taken before relu. batch.size and precision must be those packed for; counts may be smaller.
void conv_forward_packed(Stream& stream, const ConvShape& shape, const Batch& batch, View<const float> x,
                         Slot<const float> packed, Slot<const float> bias, View<const float> residual, bool relu,
                         View<float> y, Precision precision = Precision::float32);

}  // namespace fedscape::ops
