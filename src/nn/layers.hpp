#pragma once

#include "fedscape/nn/layers.hpp"
#include "fedscape/ops/conv.hpp"

namespace fedscape::nn {

/// A weight and an optional bias of one layer: what linear and convolution share.
struct Affine {
  int weight = -1, bias = -1;  // slots; bias < 0: none
  std::int64_t weight_offset = 0, bias_offset = 0;

  void declare(ParamLayout& layout, const std::string& name, ParamSlot weights, bool with_bias);
  template <class T>
  Slot<T> weights(const View<T>& params) const {
    return slot(params, weight_offset);
  }
  template <class T>
  Slot<T> biases(const View<T>& params) const {
    return bias < 0 ? Slot<T>{} : slot(params, bias_offset);
  }
};

/// The layers whose inside the inference plan looks at; the others are known to it as Layers only.
class Linear final : public Layer {
 public:
  Linear(int out, bool bias) : out_(out), with_bias_(bias) {}
  Shape build(ParamLayout&, const std::string& name, std::span<const Shape> inputs) override;
  void forward(Stream&, const Pass&, View<const float> params, Inputs x, View<float> y, View<float>) const override;
  void backward(Stream&, const Pass&, View<const float> params, Inputs x, View<const float>, View<const float>,
                View<const float> dy, InputGrads dx, View<float> grads) const override;
  double flops(const Shape&, const Shape&) const override { return 2.0 * in_ * out_; }
  Channels channels() const override { return Channels::mixed; }
  std::string_view kind() const override { return "linear"; }

  const Affine& affine() const { return affine_; }
  int in() const { return in_; }
  int out() const { return out_; }

 private:
  int in_ = 0, out_;
  bool with_bias_;
  Affine affine_;
};

class Conv final : public Layer {
 public:
  explicit Conv(const ConvOptions& options) : options_(options) {}
  Shape build(ParamLayout&, const std::string& name, std::span<const Shape> inputs) override;
  void forward(Stream&, const Pass&, View<const float> params, Inputs x, View<float> y, View<float>) const override;
  void backward(Stream&, const Pass&, View<const float> params, Inputs x, View<const float>, View<const float>,
                View<const float> dy, InputGrads dx, View<float> grads) const override;
  double flops(const Shape&, const Shape& y) const override;
  Channels channels() const override;
  std::string_view kind() const override { return "conv"; }

  const Affine& affine() const { return affine_; }
  const ops::ConvShape& shape() const { return shape_; }

 private:
  ConvOptions options_;
  ops::ConvShape shape_;
  Affine affine_;
};

class LeakyRelu final : public Layer {
 public:
  explicit LeakyRelu(float slope) : slope_(slope) {}
  Shape build(ParamLayout&, const std::string&, std::span<const Shape> inputs) override { return inputs[0]; }
  bool in_place() const override { return true; }
  bool needs_input() const override { return false; }
  bool needs_output() const override { return true; }
  void forward(Stream&, const Pass&, View<const float>, Inputs x, View<float> y, View<float>) const override;
  void backward(Stream&, const Pass&, View<const float>, Inputs, View<const float> y, View<const float>,
                View<const float> dy, InputGrads dx, View<float>) const override;
  Channels channels() const override { return Channels::kept; }
  std::string_view kind() const override { return slope_ == 0 ? "relu" : "leaky_relu"; }

  float slope() const { return slope_; }

 private:
  float slope_;
};

/// The sum of two arrays of one shape.
class Add final : public Layer {
 public:
  Shape build(ParamLayout&, const std::string& name, std::span<const Shape> inputs) override;
  bool in_place() const override { return true; }
  bool needs_input() const override { return false; }
  void forward(Stream&, const Pass&, View<const float>, Inputs x, View<float> y, View<float>) const override;
  void backward(Stream&, const Pass&, View<const float>, Inputs, View<const float>, View<const float>,
                View<const float> dy, InputGrads dx, View<float>) const override;
  Channels channels() const override { return Channels::kept; }
  std::string_view kind() const override { return "add"; }
};

}  // namespace fedscape::nn
