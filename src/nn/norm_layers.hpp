#pragma once

#include "fedscape/nn/layers.hpp"

/// Norms whose inside the inference plan looks at.
namespace fedscape::nn {

class BatchNorm final : public Layer {
 public:
  BatchNorm(float eps, float momentum, bool affine) : eps_(eps), momentum_(momentum), with_affine_(affine) {}
  Shape build(ParamLayout&, const std::string& name, std::span<const Shape> inputs) override;
  std::int64_t kept(int) const override { return 3 * channels_; }
  void forward(Stream&, const Pass&, View<const float> params, Inputs x, View<float> y,
               View<float> kept) const override;
  void backward(Stream&, const Pass&, View<const float> params, Inputs x, View<const float>, View<const float> kept,
                View<const float> dy, InputGrads dx, View<float> grads) const override;
  void update_statistics(Stream&, const Batch&, View<float> params, View<const float> kept,
                         std::span<const float> momentum) const override;
  Channels channels() const override { return Channels::kept; }
  std::string_view kind() const override { return "batch_norm"; }

  float eps() const { return eps_; }
  /// Absent ones (data null) where the layer has no scale and shift.
  template <class T>
  Slot<T> scale(const View<T>& params) const {
    return with_affine_ ? slot(params, scale_) : Slot<T>{};
  }
  template <class T>
  Slot<T> shift(const View<T>& params) const {
    return with_affine_ ? slot(params, shift_) : Slot<T>{};
  }
  template <class T>
  Slot<T> mean(const View<T>& params) const {
    return slot(params, mean_);
  }
  template <class T>
  Slot<T> variance(const View<T>& params) const {
    return slot(params, variance_);
  }

 private:
  float eps_, momentum_;
  bool with_affine_;
  std::int64_t channels_ = 0, positions_ = 0, scale_ = 0, shift_ = 0, mean_ = 0, variance_ = 0;
};

class GroupNorm final : public Layer {
 public:
  GroupNorm(int groups, float eps) : groups_(groups), eps_(eps) {}
  Shape build(ParamLayout&, const std::string& name, std::span<const Shape> inputs) override;
  std::int64_t kept(int batch) const override { return std::int64_t{2} * groups_ * batch; }
  void forward(Stream&, const Pass&, View<const float> params, Inputs x, View<float> y,
               View<float> kept) const override;
  void backward(Stream&, const Pass&, View<const float> params, Inputs x, View<const float>, View<const float> kept,
                View<const float> dy, InputGrads dx, View<float> grads) const override;
  Channels channels() const override { return Channels::kept; }
  int channel_groups() const override { return groups_; }
  std::string_view kind() const override { return "group_norm"; }

  template <class T>
  Slot<T> scale(const View<T>& params) const {
    return slot(params, scale_);
  }
  template <class T>
  Slot<T> shift(const View<T>& params) const {
    return slot(params, shift_);
  }

 private:
  int groups_;
  float eps_;
  std::int64_t scale_ = 0, shift_ = 0;
};

}  // namespace fedscape::nn
