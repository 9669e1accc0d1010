#include "fedscape/ops/subsample.hpp"

#include "kernels/subsample.hpp"

namespace fedscape::ops {
namespace {

/// small [M,B,h,w,Cs] is taken from large [M|1,B,H,W,Cl].
kernels::Subsample checked(int stride, const Shape& large, const Shape& small) {
  FEDSCAPE_CHECK(stride > 0 && large.rank() == 5 && small.rank() == 5 && small[2] == (large[2] + stride - 1) / stride &&
                     small[3] == (large[3] + stride - 1) / stride && small[4] >= large[4],
                 "every {}-th position of {} as {}", stride, large.text(), small.text());
  return {static_cast<int>(large[2]), static_cast<int>(large[3]), static_cast<int>(large[4]),
          static_cast<int>(small[4]), stride};
}

}  // namespace

void subsample_forward(Stream& stream, const Batch& batch, int stride, View<const float> x, View<float> y) {
  const kernels::Subsample s = checked(stride, x.shape, y.shape);
  const std::int64_t x_step = x.shape[0] == 1 ? 0 : x.shape.inner().size(), y_step = y.shape.inner().size();
  kernels::dispatch_cpu(stream, "subsample", [&](auto on) {
    for (int m = 0; m < batch.models; ++m)
      kernels::subsample_forward(on, x.data + m * x_step, y.data + m * y_step, s, batch.count(m));
  });
}

void subsample_backward(Stream& stream, const Batch& batch, int stride, View<const float> dy, View<float> dx) {
  const kernels::Subsample s = checked(stride, dx.shape, dy.shape);
  kernels::dispatch_cpu(stream, "subsample", [&](auto on) {
    for (int m = 0; m < batch.models; ++m)
      kernels::subsample_backward(on, dy.data + m * dy.shape.inner().size(), dx.data + m * dx.shape.inner().size(), s,
                                  batch.count(m));
  });
}

}  // namespace fedscape::ops
