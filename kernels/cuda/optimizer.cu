#include "kernels/cuda/optimizer.hpp"

#include "kernels/cuda/grid.cuh"

namespace fedscape::kernels {

void sgd(Cuda, Stream& stream, const ops::Sgd& rates, int active, std::int64_t length, Slot<const float> grads,
         Slot<float> params, Slot<float> velocity) {
  on_grid::sgd(DeviceGrid(stream), rates, active, length, grads, params, velocity);
}

void adam(Cuda, Stream& stream, const ops::AdamRates& rates, int active, std::int64_t length, Slot<const float> grads,
          Slot<float> params, Slot<float> first, Slot<float> second) {
  on_grid::adam(DeviceGrid(stream), rates, active, length, grads, params, first, second);
}

void clip_rows(Cuda, Stream& stream, float max_norm, int active, float* grads, std::int64_t P) {
  on_grid::clip_rows(DeviceGrid(stream), max_norm, active, grads, P);
}

void ascend_rows(Cuda, Stream& stream, float rho, int models, const float* grads, float* point, std::int64_t P) {
  on_grid::ascend_rows(DeviceGrid(stream), rho, models, grads, point, P);
}

}  // namespace fedscape::kernels
