#include "kernels/cuda/feature_loss.hpp"

#include "kernels/cuda/grid.cuh"

namespace fedscape::kernels {

void contrast(Cuda, Stream& stream, const Batch& batch, double weight, double temperature, const float* x,
              const float* positive, const float* negative, float* loss, float* dx, int F) {
  on_grid::contrast(DeviceGrid(stream), batch, weight, temperature, x, positive, negative, loss, dx, F);
}

void mean_discrepancy(Cuda, Stream& stream, const Batch& batch, double weight, const float* x, const float* y,
                      float* loss, float* dx, int F) {
  on_grid::mean_discrepancy(DeviceGrid(stream), batch, weight, x, y, loss, dx, F);
}

void prototype_distance(Cuda, Stream& stream, const Batch& batch, double weight, const float* x,
                        const std::int32_t* labels, const float* prototypes, const float* known, float* loss, float* dx,
                        int F) {
  on_grid::prototype_distance(DeviceGrid(stream), batch, weight, x, labels, prototypes, known, loss, dx, F);
}

}  // namespace fedscape::kernels
