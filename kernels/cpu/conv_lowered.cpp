#include "kernels/cpu/conv_lowered.hpp"

#include <algorithm>

#include "fedscape/tensor/tensor.hpp"
#include "kernels/cpu/gemm.hpp"

namespace fedscape::kernels::lowered {

namespace {

/// The sizes of the matrix products of one group: y [positions, filters] = columns [positions, depth] w^T.
struct Sizes {
  explicit Sizes(const ConvShape& shape)
      : positions(std::int64_t{shape.out_height()} * shape.out_width()),
        channels(shape.channels / shape.groups),
        filters(shape.filters / shape.groups),
        depth(std::int64_t{shape.kernel_y} * shape.kernel_x * channels),
        in_sample(shape.input().size()),
        out_sample(shape.output().size()) {}
  std::int64_t positions, channels, filters, depth, in_sample, out_sample;
};

/// Calls f(column, pixel) for every group of `channels` floats of the lowered matrix [positions, ky, kx, channels] and
/// the place in the sample they come from: its offset, or -1 in the padding.
template <class F>
void for_each_tap(const ConvShape& shape, F&& f) {
  std::int64_t column = 0;
  for (int oy = 0; oy < shape.out_height(); ++oy)
    for (int ox = 0; ox < shape.out_width(); ++ox)
      for (int ky = 0; ky < shape.kernel_y; ++ky)
        for (int kx = 0; kx < shape.kernel_x; ++kx, ++column) {
          const std::int64_t iy = std::int64_t{oy} * shape.stride_y - shape.pad_y + ky * shape.dilation_y;
          const std::int64_t ix = std::int64_t{ox} * shape.stride_x - shape.pad_x + kx * shape.dilation_x;
          const bool inside = 0 <= iy && iy < shape.height && 0 <= ix && ix < shape.width;
          f(column, inside ? (iy * shape.width + ix) * shape.channels : -1);
        }
}

/// columns [positions, ky, kx, channels] of one group; x points at the group's first channel.
void lower(const ConvShape& shape, const Sizes& sizes, const float* x, float* columns) {
  for_each_tap(shape, [&](std::int64_t column, std::int64_t pixel) {
    float* const to = columns + column * sizes.channels;
    if (pixel < 0)
      std::fill_n(to, sizes.channels, 0.0f);
    else
      std::copy_n(x + pixel, sizes.channels, to);
  });
}

/// The adjoint of lower: adds every column to the pixel it came from.
void raise(const ConvShape& shape, const Sizes& sizes, const float* columns, float* dx) {
  for_each_tap(shape, [&](std::int64_t column, std::int64_t pixel) {
    if (pixel < 0) return;
    const float* const from = columns + column * sizes.channels;
    for (std::int64_t c = 0; c < sizes.channels; ++c) dx[pixel + c] += from[c];
  });
}

}  // namespace

void forward(Stream& stream, const ConvShape& shape, int count, const float* x, const float* w, const float* bias,
             const float* residual, bool relu, float* y) {
  const ArenaScope scope(stream);
  const Sizes sizes(shape);
  const Tensor<float> columns(stream, {sizes.positions, sizes.depth});
  for (int b = 0; b < count; ++b, x += sizes.in_sample, y += sizes.out_sample) {
    if (residual && residual + b * sizes.out_sample != y)
      std::copy_n(residual + b * sizes.out_sample, sizes.out_sample, y);
    for (int g = 0; g < shape.groups; ++g) {
      lower(shape, sizes, x + g * sizes.channels, columns.data());
      multiply(sizes.positions, sizes.filters, sizes.depth, columns.data(), sizes.depth, Transpose::no,
               w + g * sizes.filters * sizes.depth, sizes.depth, Transpose::yes, residual ? 1 : 0,
               y + g * sizes.filters, shape.filters);
    }
    add_bias(sizes.positions, shape.filters, bias, relu, y);
  }
}

void backward_data(Stream& stream, const ConvShape& shape, int count, const float* dy, const float* w, float* dx) {
  const ArenaScope scope(stream);
  const Sizes sizes(shape);
  const Tensor<float> columns(stream, {sizes.positions, sizes.depth});
  std::fill_n(dx, count * sizes.in_sample, 0.0f);
  for (int b = 0; b < count; ++b, dx += sizes.in_sample, dy += sizes.out_sample)
    for (int g = 0; g < shape.groups; ++g) {
      multiply(sizes.positions, sizes.depth, sizes.filters, dy + g * sizes.filters, shape.filters, Transpose::no,
               w + g * sizes.filters * sizes.depth, sizes.depth, Transpose::no, 0, columns.data(), sizes.depth);
      raise(shape, sizes, columns.data(), dx + g * sizes.channels);
    }
}

void backward_weights(Stream& stream, const ConvShape& shape, int count, const float* x, const float* dy, float* dw) {
  const ArenaScope scope(stream);
  const Sizes sizes(shape);
  const Tensor<float> columns(stream, {sizes.positions, sizes.depth});
  for (int b = 0; b < count; ++b, x += sizes.in_sample, dy += sizes.out_sample)
    for (int g = 0; g < shape.groups; ++g) {
      lower(shape, sizes, x + g * sizes.channels, columns.data());
      multiply(sizes.filters, sizes.depth, sizes.positions, dy + g * sizes.filters, shape.filters, Transpose::yes,
               columns.data(), sizes.depth, Transpose::no, b == 0 ? 0 : 1, dw + g * sizes.filters * sizes.depth,
               sizes.depth);
    }
}

}  // namespace fedscape::kernels::lowered
