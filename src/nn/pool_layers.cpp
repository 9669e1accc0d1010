#include "fedscape/base/check.hpp"
#include "fedscape/ops/pool.hpp"
#include "src/nn/layers.hpp"

namespace fedscape {
namespace {

ops::PoolShape pool_shape(const PoolOptions& o, const std::string& name, const Shape& from) {
  FEDSCAPE_CHECK(from.rank() == 3, "{}: pooling needs maps [y,x,channels], not {}", name, from.text());
  ops::PoolShape shape{.height = static_cast<int>(from[0]),
                       .width = static_cast<int>(from[1]),
                       .channels = static_cast<int>(from[2]),
                       .kernel_y = o.kernel_y,
                       .kernel_x = o.kernel_x,
                       .stride_y = o.stride_y,
                       .stride_x = o.stride_x,
                       .pad_y = o.pad_y,
                       .pad_x = o.pad_x,
                       .ceil_mode = o.ceil_mode,
                       .count_padding = o.count_padding};
  shape.check();
  return shape;
}

/// Operations for one element of the output.
double window(const PoolOptions& o) { return static_cast<double>(o.kernel_y) * o.kernel_x; }

class MaxPool final : public Layer {
 public:
  explicit MaxPool(const PoolOptions& options) : options_(options) {}
  Shape build(ParamLayout&, const std::string& name, std::span<const Shape> inputs) override {
    shape_ = pool_shape(options_, name, inputs[0]);
    return shape_.output();
  }
  bool needs_output() const override { return true; }
  void forward(Stream& stream, const Pass& pass, View<const float>, Inputs x, View<float> y,
               View<float>) const override {
    ops::max_pool_forward(stream, shape_, pass.batch, x[0], y);
  }
  void backward(Stream& stream, const Pass& pass, View<const float>, Inputs x, View<const float> y, View<const float>,
                View<const float> dy, InputGrads dx, View<float>) const override {
    if (!dx[0].empty()) ops::max_pool_backward(stream, shape_, pass.batch, x[0], y, dy, dx[0]);
  }
  double flops(const Shape&, const Shape& y) const override { return window(options_) * static_cast<double>(y.size()); }
  Channels channels() const override { return Channels::kept; }
  std::string_view kind() const override { return "max_pool"; }

 private:
  PoolOptions options_;
  ops::PoolShape shape_;
};

class AveragePool final : public Layer {
 public:
  explicit AveragePool(const PoolOptions& options) : options_(options) {}
  Shape build(ParamLayout&, const std::string& name, std::span<const Shape> inputs) override {
    shape_ = pool_shape(options_, name, inputs[0]);
    return shape_.output();
  }
  bool needs_input() const override { return false; }
  void forward(Stream& stream, const Pass& pass, View<const float>, Inputs x, View<float> y,
               View<float>) const override {
    ops::average_pool_forward(stream, shape_, pass.batch, x[0], y);
  }
  void backward(Stream& stream, const Pass& pass, View<const float>, Inputs, View<const float>, View<const float>,
                View<const float> dy, InputGrads dx, View<float>) const override {
    if (!dx[0].empty()) ops::average_pool_backward(stream, shape_, pass.batch, dy, dx[0]);
  }
  double flops(const Shape&, const Shape& y) const override { return window(options_) * static_cast<double>(y.size()); }
  Channels channels() const override { return Channels::kept; }
  std::string_view kind() const override { return "average_pool"; }

 private:
  PoolOptions options_;
  ops::PoolShape shape_;
};

class AdaptiveAveragePool final : public Layer {
 public:
  AdaptiveAveragePool(int out_y, int out_x) : out_y_(out_y), out_x_(out_x) {}
  Shape build(ParamLayout&, const std::string& name, std::span<const Shape> inputs) override {
    const Shape& from = inputs[0];
    FEDSCAPE_CHECK(from.rank() == 3 && out_y_ > 0 && out_x_ > 0, "{}: adaptive pooling of {} to {}x{}", name,
                   from.text(), out_y_, out_x_);
    return {out_y_, out_x_, from[2]};
  }
  bool needs_input() const override { return false; }
  void forward(Stream& stream, const Pass& pass, View<const float>, Inputs x, View<float> y,
               View<float>) const override {
    ops::adaptive_pool_forward(stream, pass.batch, x[0], y);
  }
  void backward(Stream& stream, const Pass& pass, View<const float>, Inputs, View<const float>, View<const float>,
                View<const float> dy, InputGrads dx, View<float>) const override {
    if (!dx[0].empty()) ops::adaptive_pool_backward(stream, pass.batch, dy, dx[0]);
  }
  double flops(const Shape& x, const Shape&) const override { return static_cast<double>(x.size()); }
  Channels channels() const override { return Channels::kept; }
  std::string_view kind() const override { return "adaptive_average_pool"; }

 private:
  int out_y_, out_x_;
};

}  // namespace

PoolOptions square_pool(int kernel, int stride, int pad) {
  return {.kernel_y = kernel, .kernel_x = kernel, .stride_y = stride, .stride_x = stride, .pad_y = pad, .pad_x = pad};
}

std::unique_ptr<Layer> max_pool(const PoolOptions& options) { return std::make_unique<MaxPool>(options); }
std::unique_ptr<Layer> average_pool(const PoolOptions& options) { return std::make_unique<AveragePool>(options); }
std::unique_ptr<Layer> adaptive_average_pool(int out_y, int out_x) {
  return std::make_unique<AdaptiveAveragePool>(out_y, out_x);
}

}  // namespace fedscape
