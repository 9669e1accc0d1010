#pragma once

#include "fedscape/base/host_device.hpp"
#include "fedscape/ops/batch.hpp"
#include "kernels/backend.hpp"

namespace fedscape::kernels {

/// Every stride-th position of maps [height,width,channels], in the middle of out_channels.
struct Subsample {
  int height, width, channels, out_channels, stride;

  FEDSCAPE_HOST_DEVICE int first() const { return (out_channels - channels) / 2; }
  FEDSCAPE_HOST_DEVICE int out_height() const { return (height + stride - 1) / stride; }
  FEDSCAPE_HOST_DEVICE int out_width() const { return (width + stride - 1) / stride; }
};

FEDSCAPE_KERNEL(void, subsample_forward, Stream& stream, const Batch& batch, const Subsample& s, Slot<const float> x,
                Slot<float> y);
FEDSCAPE_KERNEL(void, subsample_backward, Stream& stream, const Batch& batch, const Subsample& s, Slot<const float> dy,
                Slot<float> dx);

}  // namespace fedscape::kernels
