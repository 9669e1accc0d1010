#include <algorithm>
#include <utility>

#include "fedscape/base/check.hpp"
#include "fedscape/ops/gemm.hpp"
#include "src/nn/layers.hpp"

namespace fedscape {

ConvOptions square(int filters, int kernel, int stride, int pad) {
  return {.filters = filters,
          .kernel_y = kernel,
          .kernel_x = kernel,
          .stride_y = stride,
          .stride_x = stride,
          .pad_y = pad,
          .pad_x = pad};
}

std::unique_ptr<Layer> linear(int out, bool bias) { return std::make_unique<nn::Linear>(out, bias); }
std::unique_ptr<Layer> conv(const ConvOptions& options) { return std::make_unique<nn::Conv>(options); }

namespace nn {

void Affine::declare(ParamLayout& layout, const std::string& name, ParamSlot weights, bool with_bias) {
  const std::int64_t out = weights.shape[0], fan_in = weights.fan_in, fan_out = weights.fan_out;
  weights.name = name + ".weight";
  weights.role = ParamRole::weight;
  weights.init = ParamInit::fan_in;
  weight = layout.add(std::move(weights));
  weight_offset = layout[weight].offset;
  if (!with_bias) return;
  bias = layout.add({.name = name + ".bias",
                     .shape = {out},
                     .role = ParamRole::bias,
                     .init = ParamInit::bias_fan_in,
                     .fan_in = fan_in,
                     .fan_out = fan_out,
                     .torch_shape = {out},
                     .split = {out},
                     .torch_permutation = {0}});
  bias_offset = layout[bias].offset;
}

Shape Linear::build(ParamLayout& layout, const std::string& name, std::span<const Shape> inputs) {
  const Shape& from = inputs[0];
  FEDSCAPE_CHECK(out_ > 0 && from.rank() <= 4, "{}: a linear layer of {} outputs on samples {}", name, out_,
                 from.text());
  in_ = static_cast<int>(from.size());
  ParamSlot weights{.shape = {out_, in_}, .fan_in = in_, .fan_out = out_, .torch_shape = {out_, in_}};
  weights.split = from.under(out_);
  weights.torch_permutation.push_back(0);  // PyTorch flattens [c,y,x]: channels first, then the positions
  if (from.rank() > 1) weights.torch_permutation.push_back(from.rank());
  for (int axis = 1; axis < std::max(2, from.rank()); ++axis) weights.torch_permutation.push_back(axis);
  affine_.declare(layout, name, std::move(weights), with_bias_);
  return {out_};
}

void Linear::forward(Stream& stream, const Pass& pass, View<const float> params, Inputs x, View<float> y,
                     View<float>) const {
  const View<const float> flat = x[0].as({x[0].shape[0], pass.batch.size, in_});
  ops::linear_forward(stream, pass.batch, flat, affine_.weights(params), affine_.biases(params), false, y);
}

void Linear::backward(Stream& stream, const Pass& pass, View<const float> params, Inputs x, View<const float>,
                      View<const float>, View<const float> dy, InputGrads dx, View<float> grads) const {
  const View<const float> flat = x[0].as({x[0].shape[0], pass.batch.size, in_});
  ops::linear_backward_weights(stream, pass.batch, flat, dy, affine_.weights(grads), affine_.biases(grads));
  if (dx[0].empty()) return;
  const View<float> flat_dx = dx[0].as({pass.batch.models, pass.batch.size, in_});
  ops::linear_backward_data(stream, pass.batch, dy, affine_.weights(params), flat_dx);
}

Shape Conv::build(ParamLayout& layout, const std::string& name, std::span<const Shape> inputs) {
  const Shape& from = inputs[0];
  FEDSCAPE_CHECK(from.rank() == 3, "{}: a convolution needs maps [y,x,channels], not {}", name, from.text());
  const ConvOptions& o = options_;
  shape_ = {.height = static_cast<int>(from[0]),
            .width = static_cast<int>(from[1]),
            .channels = static_cast<int>(from[2]),
            .filters = o.filters,
            .kernel_y = o.kernel_y,
            .kernel_x = o.kernel_x,
            .stride_y = o.stride_y,
            .stride_x = o.stride_x,
            .pad_y = o.pad_y,
            .pad_x = o.pad_x,
            .dilation_y = o.dilation_y,
            .dilation_x = o.dilation_x,
            .groups = o.groups};
  shape_.check();
  const Shape ours = shape_.weights();
  ParamSlot weights{.shape = ours,
                    .fan_in = ours[1] * ours[2] * ours[3],
                    .fan_out = ours[1] * ours[2] * o.filters,
                    .torch_shape = {ours[0], ours[3], ours[1], ours[2]},
                    .split = ours,
                    .torch_permutation = {0, 3, 1, 2}};
  affine_.declare(layout, name, std::move(weights), o.bias);
  return shape_.output();
}

void Conv::forward(Stream& stream, const Pass& pass, View<const float> params, Inputs x, View<float> y,
                   View<float>) const {
  ops::conv_forward(stream, shape_, pass.batch, x[0], affine_.weights(params), affine_.biases(params), false, y);
}

void Conv::backward(Stream& stream, const Pass& pass, View<const float> params, Inputs x, View<const float>,
                    View<const float>, View<const float> dy, InputGrads dx, View<float> grads) const {
  ops::conv_backward_weights(stream, shape_, pass.batch, x[0], dy, affine_.weights(grads), affine_.biases(grads));
  if (!dx[0].empty()) ops::conv_backward_data(stream, shape_, pass.batch, dy, affine_.weights(params), dx[0]);
}

/// A depthwise convolution keeps channels; other groups would have to change places together.
Channels Conv::channels() const {
  if (options_.groups == 1) return Channels::mixed;
  const bool depthwise = options_.groups == shape_.channels && options_.groups == shape_.filters;
  return depthwise ? Channels::kept : Channels::unknown;
}

double Conv::flops(const Shape&, const Shape& y) const {
  const Shape weights = shape_.weights();  // [filters, ky, kx, channels / groups]
  return 2.0 * static_cast<double>(y.size() * weights[1] * weights[2] * weights[3]);
}

}  // namespace nn
}  // namespace fedscape
