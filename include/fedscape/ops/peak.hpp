#pragma once

#include "fedscape/device/stream.hpp"
#include "fedscape/tensor/view.hpp"

namespace fedscape::ops {

/// Floating-point operations a second of the calling thread, as many as its core can do: independent float32
/// multiply-adds in registers, in the widest vectors of this build, for about `seconds`. 0 on a CUDA device.
double multiply_add_rate(Stream& stream, double seconds);

/// Bytes a second that copying `from` to `to` over and over, for about `seconds`, reads and writes. The two are of one
/// size and do not overlap; where no cache holds them it is the memory's rate. 0 on a CUDA device.
double copy_rate(Stream& stream, View<const float> from, View<float> to, double seconds);

}  // namespace fedscape::ops
