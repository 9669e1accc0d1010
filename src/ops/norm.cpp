#include "fedscape/ops/norm.hpp"

#include "kernels/norm.hpp"
#include "src/ops/operands.hpp"

namespace fedscape::ops {

namespace {

struct Channels {
  std::int64_t positions;  // of one sample
  int C;
};

Channels channels_of(const Shape& sample) {
  FEDSCAPE_CHECK(sample.rank() >= 1 && sample.size() >= 1, "a norm over samples of shape {}", sample.text());
  const std::int64_t C = sample[sample.rank() - 1];
  return {sample.size() / C, static_cast<int>(C)};
}

/// Moments have one row for each model, of the given inner shape.
template <class T>
Slot<T> moment_rows(const char* op, const Batch& batch, View<T> moments, const Shape& inner) {
  const Shape expected = inner.under(batch.models);
  FEDSCAPE_CHECK(moments.shape == expected, "{}: moments are {}, expected {}", op, moments.shape.text(),
                 expected.text());
  return {moments.data, inner.size()};
}

void check_groups(int groups, int C) {
  FEDSCAPE_CHECK(groups >= 1 && C % groups == 0, "group norm with {} groups of {} channels", groups, C);
}

}  // namespace

void batch_norm_forward(Stream& stream, const Batch& batch, float eps, View<const float> x, Slot<const float> scale,
                        Slot<const float> shift, View<float> y, View<float> moments) {
  check_batch("batch_norm_forward", batch);
  const Shape sample = sample_of("batch_norm_forward", "x", x);
  const auto [positions, C] = channels_of(sample);
  const auto x_rows = model_rows("batch_norm_forward", "x", batch, x, sample);
  const auto y_rows = model_rows("batch_norm_forward", "y", batch, y, sample);
  const auto moment = moment_rows("batch_norm_forward", batch, moments, {3, C});
  kernels::dispatch(stream, [&, n = positions, width = C](auto on) {
    kernels::batch_norm_forward(on, stream, batch, n, width, eps, x_rows, scale, shift, y_rows, moment);
  });
}

void batch_norm_backward(Stream& stream, const Batch& batch, View<const float> x, View<const float> moments,
                         Slot<const float> scale, View<const float> dy, View<float> dx, Slot<float> dscale,
                         Slot<float> dshift) {
  check_batch("batch_norm_backward", batch);
  const Shape sample = sample_of("batch_norm_backward", "x", x);
  const auto [positions, C] = channels_of(sample);
  const auto x_rows = model_rows("batch_norm_backward", "x", batch, x, sample);
  const auto dy_rows = model_rows("batch_norm_backward", "dy", batch, dy, sample);
  const auto dx_rows = model_rows("batch_norm_backward", "dx", batch, dx, sample);
  const auto moment = moment_rows("batch_norm_backward", batch, moments, {3, C});
  kernels::dispatch(stream, [&, n = positions, width = C](auto on) {
    kernels::batch_norm_backward(on, stream, batch, n, width, x_rows, moment, scale, dy_rows, dx_rows, dscale, dshift);
  });
}

void batch_norm_apply(Stream& stream, const Batch& batch, float eps, View<const float> x, Slot<const float> mean,
                      Slot<const float> variance, Slot<const float> scale, Slot<const float> shift, View<float> y) {
  check_batch("batch_norm_apply", batch);
  const Shape sample = sample_of("batch_norm_apply", "x", x);
  const auto [positions, C] = channels_of(sample);
  const auto x_rows = input_rows("batch_norm_apply", "x", batch, x, sample);
  const auto y_rows = model_rows("batch_norm_apply", "y", batch, y, sample);
  kernels::dispatch(stream, [&, n = positions, width = C](auto on) {
    kernels::batch_norm_apply(on, stream, batch, n, width, eps, x_rows, mean, variance, scale, shift, y_rows);
  });
}

void batch_norm_update(Stream& stream, const Batch& batch, std::int64_t positions, std::span<const float> momentum,
                       View<const float> moments, Slot<float> mean, Slot<float> variance) {
  check_batch("batch_norm_update", batch);
  FEDSCAPE_CHECK(moments.shape.rank() == 3, "moments are {}, expected [M,3,C]", moments.shape.text());
  FEDSCAPE_CHECK(momentum.size() == 1 || momentum.size() == batch.counts.size(), "{} momenta for {} models",
                 momentum.size(), batch.models);
  const int C = static_cast<int>(moments.shape[2]);
  const auto moment = moment_rows("batch_norm_update", batch, moments, {3, C});
  kernels::dispatch(stream, [&](auto on) {
    kernels::batch_norm_update(on, stream, batch, positions, C, momentum, moment, mean, variance);
  });
}

void group_norm_forward(Stream& stream, const Batch& batch, int groups, float eps, View<const float> x,
                        Slot<const float> scale, Slot<const float> shift, View<float> y, View<float> moments) {
  check_batch("group_norm_forward", batch);
  const Shape sample = sample_of("group_norm_forward", "x", x);
  const auto [positions, C] = channels_of(sample);
  check_groups(groups, C);
  const auto x_rows = input_rows("group_norm_forward", "x", batch, x, sample);
  const auto y_rows = model_rows("group_norm_forward", "y", batch, y, sample);
  const auto moment = moment_rows("group_norm_forward", batch, moments, {batch.size, groups, 2});
  kernels::dispatch(stream, [&, n = positions, width = C](auto on) {
    kernels::group_norm_forward(on, stream, batch, n, width, groups, eps, x_rows, scale, shift, y_rows, moment);
  });
}

void group_norm_backward(Stream& stream, const Batch& batch, int groups, View<const float> x, View<const float> moments,
                         Slot<const float> scale, View<const float> dy, View<float> dx, Slot<float> dscale,
                         Slot<float> dshift) {
  check_batch("group_norm_backward", batch);
  const Shape sample = sample_of("group_norm_backward", "x", x);
  const auto [positions, C] = channels_of(sample);
  check_groups(groups, C);
  const auto x_rows = input_rows("group_norm_backward", "x", batch, x, sample);
  const auto dy_rows = model_rows("group_norm_backward", "dy", batch, dy, sample);
  const auto dx_rows = model_rows("group_norm_backward", "dx", batch, dx, sample);
  const auto moment = moment_rows("group_norm_backward", batch, moments, {batch.size, groups, 2});
  kernels::dispatch(stream, [&, n = positions, width = C](auto on) {
    kernels::group_norm_backward(on, stream, batch, n, width, groups, x_rows, moment, scale, dy_rows, dx_rows, dscale,
                                 dshift);
  });
}

}  // namespace fedscape::ops
