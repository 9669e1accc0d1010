#include "kernels/cuda/scope.hpp"

#include "kernels/cuda/grid.cuh"

namespace fedscape::kernels {

void scope_terms(Cuda, Stream& stream, ops::ScopeFusion fusion, std::int64_t length, Slot<const float> w,
                 Slot<float> terms, int models) {
  on_grid::scope_terms(DeviceGrid(stream), fusion, length, w, terms, models);
}

void fused_scopes(Cuda, Stream& stream, ops::ScopeFusion fusion, const float* terms, float* scopes,
                  std::int64_t layers) {
  on_grid::fused_scopes(DeviceGrid(stream), fusion, terms, scopes, layers);
}

void align_scope(Cuda, Stream& stream, ops::ScopeDivergence divergence, double weight, std::int64_t length,
                 Slot<const float> w, const float* target, float* loss, Slot<float> grads, int models) {
  on_grid::align_scope(DeviceGrid(stream), divergence, weight, length, w, target, loss, grads, models);
}

}  // namespace fedscape::kernels
