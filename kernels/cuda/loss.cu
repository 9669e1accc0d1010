#include "kernels/cuda/loss.hpp"

#include "kernels/cuda/grid.cuh"

namespace fedscape::kernels {

void softmax_cross_entropy(Cuda, Stream& stream, const Batch& batch, const float* logits, const std::int32_t* labels,
                           float* loss, float* dlogits, int C) {
  on_grid::softmax_cross_entropy(DeviceGrid(stream), batch, logits, labels, loss, dlogits, C);
}

void adjusted_cross_entropy(Cuda, Stream& stream, const Batch& batch, const float* logits, const std::int32_t* labels,
                            const float* scale, const float* shift, float* loss, float* dlogits, int C) {
  on_grid::adjusted_cross_entropy(DeviceGrid(stream), batch, logits, labels, scale, shift, loss, dlogits, C);
}

void squared_error(Cuda, Stream& stream, const Batch& batch, const float* logits, const std::int32_t* labels,
                   float* loss, float* dlogits, int C) {
  on_grid::squared_error(DeviceGrid(stream), batch, logits, labels, loss, dlogits, C);
}

void soft_cross_entropy(Cuda, Stream& stream, const Batch& batch, double weight, const float* logits,
                        const float* targets, float* loss, float* dlogits, int C) {
  on_grid::soft_cross_entropy(DeviceGrid(stream), batch, weight, logits, targets, loss, dlogits, C);
}

void softmax(Cuda, Stream& stream, const Batch& batch, double temperature, const float* logits, float* p, int C) {
  on_grid::softmax(DeviceGrid(stream), batch, temperature, logits, p, C);
}

void add_scores(Cuda, Stream& stream, const Batch& batch, const float* logits, const std::int32_t* labels,
                bool labels_shared, ops::Score* scores, int C) {
  on_grid::add_scores(DeviceGrid(stream), batch, logits, labels, labels_shared, scores, C);
}

void predict(Cuda, Stream& stream, const Batch& batch, const float* logits, std::int32_t* classes, int C) {
  on_grid::predict(DeviceGrid(stream), batch, logits, classes, C);
}

}  // namespace fedscape::kernels
