#pragma once

#include "kernels/backend.hpp"

namespace fedscape::kernels {

struct Subsample {
  int height, width, channels, out_channels, stride;
};

void subsample_forward(Cpu, const float* x, float* y, const Subsample& s, int samples);
void subsample_backward(Cpu, const float* dy, float* dx, const Subsample& s, int samples);

}  // namespace fedscape::kernels
