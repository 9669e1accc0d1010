#include "fedscape/ops/pool.hpp"

#include <limits>

#include "kernels/pool.hpp"
#include "src/ops/operands.hpp"

namespace fedscape::ops {

namespace {

/// PyTorch's rule: a last window must begin inside the map or its left padding.
int out_extent(int size, int kernel, int stride, int pad, bool ceil_mode) {
  const int room = size + 2 * pad - kernel;
  const int out = (room + (ceil_mode ? stride - 1 : 0)) / stride + 1;
  return ceil_mode && (out - 1) * stride >= size + pad ? out - 1 : out;
}

void check_axis(const char* axis, std::int64_t size, std::int64_t kernel, std::int64_t stride, std::int64_t pad) {
  FEDSCAPE_CHECK(size >= 1 && kernel >= 1 && stride >= 1 && pad >= 0,
                 "pooling {}: size {}, kernel {}, stride {}, padding {}", axis, size, kernel, stride, pad);
  FEDSCAPE_CHECK(2 * pad <= kernel, "pooling {}: padding {} is more than half of the kernel {}", axis, pad, kernel);
  FEDSCAPE_CHECK(kernel <= size + 2 * pad && size + 2 * pad + stride <= std::numeric_limits<int>::max(),
                 "pooling {}: a kernel of {} does not fit {} with padding {}", axis, kernel, size, pad);
}

kernels::AdaptiveShape adaptive_shape(const Shape& in, const Shape& out) {
  FEDSCAPE_CHECK(in.rank() == 3 && out.rank() == 3 && in[2] == out[2], "adaptive pooling from {} to {}", in.text(),
                 out.text());
  FEDSCAPE_CHECK(in.size() >= 1 && out.size() >= 1, "adaptive pooling from {} to {}", in.text(), out.text());
  const auto extent = [](std::int64_t size) { return static_cast<int>(size); };
  return {extent(in[0]), extent(in[1]), extent(out[0]), extent(out[1]), extent(in[2])};
}

}  // namespace

int PoolShape::out_height() const { return out_extent(height, kernel_y, stride_y, pad_y, ceil_mode); }
int PoolShape::out_width() const { return out_extent(width, kernel_x, stride_x, pad_x, ceil_mode); }

void PoolShape::check() const {
  check_axis("rows", height, kernel_y, stride_y, pad_y);
  check_axis("columns", width, kernel_x, stride_x, pad_x);
  FEDSCAPE_CHECK(channels >= 1, "pooling of {} channels", channels);
}

void max_pool_forward(Stream& stream, const PoolShape& shape, const Batch& batch, View<const float> x, View<float> y) {
  shape.check();
  check_batch("max_pool_forward", batch);
  const auto x_rows = input_rows("max_pool_forward", "x", batch, x, shape.input());
  const auto y_rows = model_rows("max_pool_forward", "y", batch, y, shape.output());
  kernels::dispatch(stream, [&](auto on) { kernels::max_pool_forward(on, stream, shape, batch, x_rows, y_rows); });
}

void max_pool_backward(Stream& stream, const PoolShape& shape, const Batch& batch, View<const float> x,
                       View<const float> y, View<const float> dy, View<float> dx) {
  shape.check();
  check_batch("max_pool_backward", batch);
  const auto x_rows = input_rows("max_pool_backward", "x", batch, x, shape.input());
  const auto y_rows = model_rows("max_pool_backward", "y", batch, y, shape.output());
  const auto dy_rows = model_rows("max_pool_backward", "dy", batch, dy, shape.output());
  const auto dx_rows = model_rows("max_pool_backward", "dx", batch, dx, shape.input());
  kernels::dispatch(
      stream, [&](auto on) { kernels::max_pool_backward(on, stream, shape, batch, x_rows, y_rows, dy_rows, dx_rows); });
}

void average_pool_forward(Stream& stream, const PoolShape& shape, const Batch& batch, View<const float> x,
                          View<float> y) {
  shape.check();
  check_batch("average_pool_forward", batch);
  const auto x_rows = input_rows("average_pool_forward", "x", batch, x, shape.input());
  const auto y_rows = model_rows("average_pool_forward", "y", batch, y, shape.output());
  kernels::dispatch(stream, [&](auto on) { kernels::average_pool_forward(on, stream, shape, batch, x_rows, y_rows); });
}

void average_pool_backward(Stream& stream, const PoolShape& shape, const Batch& batch, View<const float> dy,
                           View<float> dx) {
  shape.check();
  check_batch("average_pool_backward", batch);
  const auto dy_rows = model_rows("average_pool_backward", "dy", batch, dy, shape.output());
  const auto dx_rows = model_rows("average_pool_backward", "dx", batch, dx, shape.input());
  kernels::dispatch(stream,
                    [&](auto on) { kernels::average_pool_backward(on, stream, shape, batch, dy_rows, dx_rows); });
}

void adaptive_pool_forward(Stream& stream, const Batch& batch, View<const float> x, View<float> y) {
  check_batch("adaptive_pool_forward", batch);
  const Shape in = sample_of("adaptive_pool_forward", "x", x), out = sample_of("adaptive_pool_forward", "y", y);
  const kernels::AdaptiveShape shape = adaptive_shape(in, out);
  const auto x_rows = input_rows("adaptive_pool_forward", "x", batch, x, in);
  const auto y_rows = model_rows("adaptive_pool_forward", "y", batch, y, out);
  kernels::dispatch(stream, [&](auto on) { kernels::adaptive_pool_forward(on, stream, shape, batch, x_rows, y_rows); });
}

void adaptive_pool_backward(Stream& stream, const Batch& batch, View<const float> dy, View<float> dx) {
  check_batch("adaptive_pool_backward", batch);
  const Shape in = sample_of("adaptive_pool_backward", "dx", dx), out = sample_of("adaptive_pool_backward", "dy", dy);
  const kernels::AdaptiveShape shape = adaptive_shape(in, out);
  const auto dy_rows = model_rows("adaptive_pool_backward", "dy", batch, dy, out);
  const auto dx_rows = model_rows("adaptive_pool_backward", "dx", batch, dx, in);
  kernels::dispatch(stream,
                    [&](auto on) { kernels::adaptive_pool_backward(on, stream, shape, batch, dy_rows, dx_rows); });
}

}  // namespace fedscape::ops
