#include "kernels/cuda/fold.hpp"

#include "kernels/cuda/grid.cuh"

namespace fedscape::kernels {

void fold_batch_norm(Cuda, Stream& stream, const Fold& fold, int models, std::int64_t filters, std::int64_t size) {
  on_grid::fold_batch_norm(DeviceGrid(stream), fold, models, filters, size);
}

}  // namespace fedscape::kernels
