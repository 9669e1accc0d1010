#include "src/nn/norm_layers.hpp"
#include "fedscape/base/check.hpp"
#include "fedscape/device/profile.hpp"
#include "fedscape/ops/norm.hpp"
#include "fedscape/ops/reduce.hpp"
#include "fedscape/tensor/tensor.hpp"

namespace fedscape {
namespace nn {
namespace {

/// Declares a vector with one entry per channel and returns its offset.
std::int64_t declare_vector(ParamLayout& layout, const std::string& name, std::int64_t channels, ParamRole role,
                            ParamInit init) {
  const int index = layout.add({.name = name,
                                .shape = {channels},
                                .role = role,
                                .group = ParamGroup::norm,
                                .init = init,
                                .torch_shape = {channels},
                                .split = {channels},
                                .torch_permutation = {0}});
  return layout[index].offset;
}

std::int64_t channels_of(const Shape& sample) { return sample[sample.rank() - 1]; }

/// The gradient at the input where somebody wants it, else scratch: the ops compute it along with the others.
struct NeededGrad {
  NeededGrad(Stream& stream, View<float> wanted, const Shape& shape) : scope(stream), view(wanted) {
    if (!view.empty()) return;
    scratch = Tensor<float>(stream, shape);
    view = scratch;
  }
  ArenaScope scope;
  Tensor<float> scratch;
  View<float> view;
};

/// What a group norm keeps, as its ops want it.
template <class T>
View<T> group_moments(const Pass& pass, View<T> kept, int groups) {
  return kept.as({pass.batch.models, pass.batch.size, groups, 2});
}

}  // namespace

Shape GroupNorm::build(ParamLayout& layout, const std::string& name, std::span<const Shape> inputs) {
  const std::int64_t channels = channels_of(inputs[0]);
  FEDSCAPE_CHECK(groups_ > 0 && channels % groups_ == 0, "{}: {} channels in {} groups", name, channels, groups_);
  scale_ = declare_vector(layout, name + ".weight", channels, ParamRole::norm, ParamInit::one);
  shift_ = declare_vector(layout, name + ".bias", channels, ParamRole::norm, ParamInit::zero);
  return inputs[0];
}

void GroupNorm::forward(Stream& stream, const Pass& pass, View<const float> params, Inputs x, View<float> y,
                        View<float> kept) const {
  ops::group_norm_forward(stream, pass.batch, groups_, eps_, x[0], scale(params), shift(params), y,
                          group_moments(pass, kept, groups_));
}

void GroupNorm::backward(Stream& stream, const Pass& pass, View<const float> params, Inputs x, View<const float>,
                         View<const float> kept, View<const float> dy, InputGrads dx, View<float> grads) const {
  const NeededGrad needed(stream, dx[0], dy.shape);
  ops::group_norm_backward(stream, pass.batch, groups_, x[0], group_moments(pass, kept, groups_), scale(params), dy,
                           needed.view, scale(grads), shift(grads));
}

Shape BatchNorm::build(ParamLayout& layout, const std::string& name, std::span<const Shape> inputs) {
  channels_ = channels_of(inputs[0]);
  positions_ = inputs[0].size() / channels_;
  if (with_affine_) {
    scale_ = declare_vector(layout, name + ".weight", channels_, ParamRole::norm, ParamInit::one);
    shift_ = declare_vector(layout, name + ".bias", channels_, ParamRole::norm, ParamInit::zero);
  }
  mean_ = declare_vector(layout, name + ".running_mean", channels_, ParamRole::statistic, ParamInit::zero);
  variance_ = declare_vector(layout, name + ".running_var", channels_, ParamRole::statistic, ParamInit::one);
  return inputs[0];
}

void BatchNorm::forward(Stream& stream, const Pass& pass, View<const float> params, Inputs x, View<float> y,
                        View<float> kept) const {
  if (pass.mode == Mode::train) {
    ops::batch_norm_forward(stream, pass.batch, eps_, x[0], scale(params), shift(params), y,
                            kept.as({pass.batch.models, 3, channels_}));
  } else {
    ops::batch_norm_apply(stream, pass.batch, eps_, x[0], mean(params), variance(params), scale(params), shift(params),
                          y);
  }
}

void BatchNorm::backward(Stream& stream, const Pass& pass, View<const float> params, Inputs x, View<const float>,
                         View<const float> kept, View<const float> dy, InputGrads dx, View<float> grads) const {
  const NeededGrad needed(stream, dx[0], dy.shape);
  ops::batch_norm_backward(stream, pass.batch, x[0], kept.as({pass.batch.models, 3, channels_}), scale(params), dy,
                           needed.view, scale(grads), shift(grads));
  for (int m = 0; m < pass.batch.models; ++m) {
    ops::fill(stream, 0.0f, {mean(grads).row(m), {channels_}});
    ops::fill(stream, 0.0f, {variance(grads).row(m), {channels_}});
  }
}

void BatchNorm::update_statistics(Stream& stream, const Batch& batch, View<float> params, View<const float> kept,
                                  std::span<const float> momentum) const {
  const ProfileScope scope(stream, Phase::update, "statistics");
  const std::span<const float> weights = momentum.empty() ? std::span<const float>(&momentum_, 1) : momentum;
  ops::batch_norm_update(stream, batch, positions_, weights, kept.as({batch.models, 3, channels_}), mean(params),
                         variance(params));
}

}  // namespace nn

std::unique_ptr<Layer> batch_norm(float eps, float momentum, bool affine) {
  return std::make_unique<nn::BatchNorm>(eps, momentum, affine);
}
std::unique_ptr<Layer> group_norm(int groups, float eps) { return std::make_unique<nn::GroupNorm>(groups, eps); }

}  // namespace fedscape
