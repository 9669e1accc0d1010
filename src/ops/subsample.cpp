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
  const Slot<const float> x_rows{x.data, x.shape[0] == 1 ? 0 : x.shape.inner().size()};
  const Slot<float> y_rows{y.data, y.shape.inner().size()};
  kernels::dispatch(stream, [&](auto on) { kernels::subsample_forward(on, stream, batch, s, x_rows, y_rows); });
}

void subsample_backward(Stream& stream, const Batch& batch, int stride, View<const float> dy, View<float> dx) {
  const kernels::Subsample s = checked(stride, dx.shape, dy.shape);
  const Slot<const float> dy_rows{dy.data, dy.shape.inner().size()};
  const Slot<float> dx_rows{dx.data, dx.shape.inner().size()};
  kernels::dispatch(stream, [&](auto on) { kernels::subsample_backward(on, stream, batch, s, dy_rows, dx_rows); });
}

}  // namespace fedscape::ops
