#pragma once

#include "fedscape/device/stream.hpp"
#include "fedscape/ops/batch.hpp"

namespace fedscape::ops {

/// Pooling windows over channels-last samples [height, width, channels]. Windows are cut at the border; padding counts
/// in no maximum, and in an average's divisor only with count_padding (PyTorch's count_include_pad).
struct PoolShape {
  int height = 0, width = 0, channels = 0;
  int kernel_y = 2, kernel_x = 2;
  int stride_y = 2, stride_x = 2;
  int pad_y = 0, pad_x = 0;
  bool ceil_mode = false;  // a last, cut window where the stride leaves one (PyTorch's rule)
  bool count_padding = true;

  int out_height() const;
  int out_width() const;
  Shape input() const { return {height, width, channels}; }
  Shape output() const { return {out_height(), out_width(), channels}; }
  void check() const;
};

/// x [M|1,B,input()], y [M,B,output()].
void max_pool_forward(Stream& stream, const PoolShape& shape, const Batch& batch, View<const float> x, View<float> y);
/// The gradient goes to the first maximum of a window in row order.   dx [M,B,input()].
void max_pool_backward(Stream& stream, const PoolShape& shape, const Batch& batch, View<const float> x,
                       View<const float> y, View<const float> dy, View<float> dx);
void average_pool_forward(Stream& stream, const PoolShape& shape, const Batch& batch, View<const float> x,
                          View<float> y);
void average_pool_backward(Stream& stream, const PoolShape& shape, const Batch& batch, View<const float> dy,
                           View<float> dx);

/// Averages over out_y x out_x windows that cover the map: window i spans floor(i*H/out) .. ceil((i+1)*H/out)-1.
/// x [M|1,B,H,W,C], y [M,B,out_y,out_x,C]; the sizes are read off the views.
void adaptive_pool_forward(Stream& stream, const Batch& batch, View<const float> x, View<float> y);
void adaptive_pool_backward(Stream& stream, const Batch& batch, View<const float> dy, View<float> dx);

}  // namespace fedscape::ops
