#include "kernels/cuda/sign_alignment.hpp"

#include "kernels/cuda/grid.cuh"

namespace fedscape::kernels {

void align_signs(Cuda, Stream& stream, const ops::SignAlignment& alignment, std::int64_t length, Slot<const float> w,
                 Slot<const float> wanted, Slot<const float> reference, float* loss, Slot<float> grads, int models) {
  on_grid::align_signs(DeviceGrid(stream), alignment, length, w, wanted, reference, loss, grads, models);
}

void signs(Cuda, Stream& stream, const float* x, float* out, std::int64_t n) {
  on_grid::signs(DeviceGrid(stream), x, out, n);
}

}  // namespace fedscape::kernels
