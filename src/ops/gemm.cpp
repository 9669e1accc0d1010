#include "fedscape/ops/gemm.hpp"

#include <limits>

#include "kernels/gemm.hpp"
#include "src/ops/operands.hpp"

namespace fedscape::ops {

namespace {

int features(const char* name, const Shape& sample) {
  const std::int64_t size = sample.size();
  FEDSCAPE_CHECK(1 <= size && size <= std::numeric_limits<int>::max(), "{} features in {}", size, name);
  return static_cast<int>(size);
}

}  // namespace

void linear_forward(Stream& stream, const Batch& batch, View<const float> x, Slot<const float> w,
                    Slot<const float> bias, bool relu, View<float> y) {
  check_batch("linear_forward", batch);
  const Shape in = sample_of("linear_forward", "x", x), out = sample_of("linear_forward", "y", y);
  const Slot<const float> x_rows = input_rows("linear_forward", "x", batch, x, in);
  const Slot<float> y_rows = model_rows("linear_forward", "y", batch, y, out);
  kernels::dispatch(stream, [&](auto on) {
    kernels::linear_forward(on, stream, batch, features("x", in), features("y", out), x_rows, w, bias, relu, y_rows);
  });
}

void linear_backward_data(Stream& stream, const Batch& batch, View<const float> dy, Slot<const float> w,
                          View<float> dx) {
  check_batch("linear_backward_data", batch);
  const Shape in = sample_of("linear_backward_data", "dx", dx), out = sample_of("linear_backward_data", "dy", dy);
  const Slot<const float> dy_rows = model_rows("linear_backward_data", "dy", batch, dy, out);
  const Slot<float> dx_rows = model_rows("linear_backward_data", "dx", batch, dx, in);
  kernels::dispatch(stream, [&](auto on) {
    kernels::linear_backward_data(on, stream, batch, features("dx", in), features("dy", out), dy_rows, w, dx_rows);
  });
}

void linear_backward_weights(Stream& stream, const Batch& batch, View<const float> x, View<const float> dy,
                             Slot<float> dw, Slot<float> dbias) {
  check_batch("linear_backward_weights", batch);
  const Shape in = sample_of("linear_backward_weights", "x", x), out = sample_of("linear_backward_weights", "dy", dy);
  const Slot<const float> x_rows = input_rows("linear_backward_weights", "x", batch, x, in);
  const Slot<const float> dy_rows = model_rows("linear_backward_weights", "dy", batch, dy, out);
  kernels::dispatch(stream, [&](auto on) {
    kernels::linear_backward_weights(on, stream, batch, features("x", in), features("dy", out), x_rows, dy_rows, dw,
                                     dbias);
  });
}

}  // namespace fedscape::ops
