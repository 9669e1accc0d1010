#include "fedscape/ops/activation.hpp"

#include "kernels/activation.hpp"
#include "src/ops/checks.hpp"

namespace fedscape::ops {

void leaky_relu_forward(Stream& stream, const Batch& batch, float slope, View<const float> x, View<float> y) {
  check_batch("leaky_relu", batch);
  check_stack("leaky_relu", "x", batch, x.shape, true);
  check_stack("leaky_relu", "y", batch, y.shape);
  check_same_samples("leaky_relu", x.shape, y.shape);
  const bool shared = is_shared(batch, x.shape);
  kernels::dispatch(stream, [&](auto on) {
    kernels::leaky_relu_forward(on, stream, batch, slope, x.data, shared, y.data, y.shape.inner(2).size());
  });
}

void leaky_relu_backward(Stream& stream, const Batch& batch, float slope, View<const float> y, View<const float> dy,
                         View<float> dx) {
  check_batch("leaky_relu", batch);
  check_stack("leaky_relu", "y", batch, y.shape);
  FEDSCAPE_CHECK(dy.shape == y.shape && dx.shape == y.shape, "leaky_relu: y {}, dy {}, dx {}", y.shape.text(),
                 dy.shape.text(), dx.shape.text());
  FEDSCAPE_CHECK(slope >= 0, "leaky_relu: slope {}; its gradient needs one that is not negative", slope);
  kernels::dispatch(stream, [&](auto on) {
    kernels::leaky_relu_backward(on, stream, batch, slope, y.data, dy.data, dx.data, y.shape.inner(2).size());
  });
}

void dropout(Stream& stream, const Batch& batch, float p, Purpose purpose, std::span<const RngKey> keys,
             View<const float> x, View<float> y) {
  check_batch("dropout", batch);
  check_stack("dropout", "x", batch, x.shape, true);
  check_stack("dropout", "y", batch, y.shape);
  check_same_samples("dropout", x.shape, y.shape);
  FEDSCAPE_CHECK(p >= 0 && p < 1, "dropout: probability {}; expected one in [0,1)", p);
  FEDSCAPE_CHECK(keys.size() == static_cast<std::size_t>(batch.models), "dropout: {} keys for {} models", keys.size(),
                 batch.models);
  const bool shared = is_shared(batch, x.shape);
  const std::int64_t n = y.shape.inner(2).size();
  kernels::dispatch(stream, [&](auto on) {
    kernels::dropout(on, stream, batch, p, purpose, keys.data(), x.data, shared, y.data, n);
  });
}

void add(Stream& stream, const Batch& batch, View<const float> a, View<const float> b, View<float> y) {
  check_batch("add", batch);
  check_stack("add", "a", batch, a.shape, true);
  check_stack("add", "b", batch, b.shape, true);
  check_stack("add", "y", batch, y.shape);
  check_same_samples("add", a.shape, y.shape);
  check_same_samples("add", b.shape, y.shape);
  const bool a_shared = is_shared(batch, a.shape), b_shared = is_shared(batch, b.shape);
  kernels::dispatch(stream, [&](auto on) {
    kernels::add(on, stream, batch, a.data, a_shared, b.data, b_shared, y.data, y.shape.inner(2).size());
  });
}

void copy_channels(Stream& stream, const Batch& batch, View<const float> from, int from_first, View<float> to,
                   int to_first, int channels) {
  check_batch("copy_channels", batch);
  check_stack("copy_channels", "from", batch, from.shape, true);
  check_stack("copy_channels", "to", batch, to.shape);
  const int last = to.shape.rank() - 1;
  FEDSCAPE_CHECK(last >= 2 && from.shape.rank() == to.shape.rank(), "copy_channels: from {}, to {}", from.shape.text(),
                 to.shape.text());
  for (int axis = 2; axis < last; ++axis)
    FEDSCAPE_CHECK(from.shape[axis] == to.shape[axis], "copy_channels: from {}, to {}", from.shape.text(),
                   to.shape.text());
  const int from_channels = static_cast<int>(from.shape[last]), to_channels = static_cast<int>(to.shape[last]);
  FEDSCAPE_CHECK(channels >= 0 && from_first >= 0 && to_first >= 0 && channels <= from_channels - from_first &&
                     channels <= to_channels - to_first,
                 "copy_channels: {} channels from {} of {} to {} of {}", channels, from_first, from_channels, to_first,
                 to_channels);
  if (channels == 0) return;
  const std::int64_t positions = to.shape.inner(2).size() / to_channels;
  const bool shared = is_shared(batch, from.shape);
  kernels::dispatch(stream, [&](auto on) {
    kernels::copy_channels(on, stream, batch, from.data, shared, from_channels, from_first, to.data, to_channels,
                           to_first, channels, positions);
  });
}

}  // namespace fedscape::ops
