#include "kernels/cuda/proximal.hpp"

#include "kernels/cuda/grid.cuh"

namespace fedscape::kernels {

void proximal(Cuda, Stream& stream, ops::Proximal kind, float weight, std::int64_t length, Slot<const float> w,
              Slot<const float> reference, float* loss, Slot<float> grads, int models) {
  on_grid::proximal(DeviceGrid(stream), kind, weight, length, w, reference, loss, grads, models);
}

}  // namespace fedscape::kernels
