#include "fedscape/base/check.hpp"
#include "fedscape/ops/activation.hpp"
#include "fedscape/ops/reduce.hpp"
#include "fedscape/ops/subsample.hpp"
#include "src/nn/layers.hpp"

namespace fedscape {
namespace {

class Dropout final : public Layer {
 public:
  Dropout(float p, int ordinal) : p_(p), ordinal_(ordinal) {}
  Shape build(ParamLayout&, const std::string& name, std::span<const Shape> inputs) override {
    FEDSCAPE_CHECK(p_ >= 0 && p_ < 1, "{}: a dropout probability of {}; it must be in [0,1)", name, p_);
    FEDSCAPE_CHECK(ordinal_ >= 0 && ordinal_ < 127, "{}: more than 127 dropout layers", name);
    return inputs[0];
  }
  bool in_place() const override { return true; }
  bool needs_input() const override { return false; }
  void forward(Stream& stream, const Pass& pass, View<const float>, Inputs x, View<float> y,
               View<float>) const override {
    if (pass.mode == Mode::train && p_ > 0) return apply(stream, pass, x[0], y);
    if (x[0].data == y.data) return;
    const std::int64_t size = y.shape.inner().size();
    ops::repeat_rows(stream, x[0].as({x[0].shape[0], size}), y.as({y.shape[0], size}));
  }
  void backward(Stream& stream, const Pass& pass, View<const float>, Inputs, View<const float>, View<const float>,
                View<const float> dy, InputGrads dx, View<float>) const override {
    if (dx[0].empty()) return;
    if (pass.mode == Mode::train && p_ > 0) return apply(stream, pass, dy, dx[0]);
    if (dx[0].data != dy.data) ops::axpby(stream, 1, dy, 0, dx[0]);
  }
  Channels channels() const override { return Channels::kept; }
  std::string_view kind() const override { return "dropout"; }

 private:
  void apply(Stream& stream, const Pass& pass, View<const float> from, View<float> to) const {
    const auto purpose = static_cast<Purpose>(static_cast<int>(Purpose::dropout) + ordinal_);
    ops::dropout(stream, pass.batch, p_, purpose, pass.keys, from, to);
  }
  float p_;
  int ordinal_;
};

class Flatten final : public Layer {
 public:
  Shape build(ParamLayout&, const std::string&, std::span<const Shape> inputs) override { return inputs[0]; }
  bool is_view() const override { return true; }
  bool needs_input() const override { return false; }
  void forward(Stream&, const Pass&, View<const float>, Inputs, View<float>, View<float>) const override {}
  void backward(Stream&, const Pass&, View<const float>, Inputs, View<const float>, View<const float>,
                View<const float>, InputGrads, View<float>) const override {}
  Channels channels() const override { return Channels::kept; }
  std::string_view kind() const override { return "flatten"; }
};

class Concatenate final : public Layer {
 public:
  Shape build(ParamLayout&, const std::string& name, std::span<const Shape> inputs) override {
    const Shape& first = inputs[0];
    channels_.clear();
    int total = 0;
    for (const Shape& input : inputs) {
      bool fits = input.rank() == first.rank();
      for (int axis = 0; fits && axis + 1 < first.rank(); ++axis) fits = input[axis] == first[axis];
      FEDSCAPE_CHECK(fits, "{}: {} beside {}", name, input.text(), first.text());
      channels_.push_back(static_cast<int>(input[input.rank() - 1]));
      total += channels_.back();
    }
    return first.rank() == 1 ? Shape{total} : Shape{first[0], first[1], total};
  }
  bool needs_input() const override { return false; }
  void forward(Stream& stream, const Pass& pass, View<const float>, Inputs x, View<float> y,
               View<float>) const override {
    int at = 0;
    for (std::size_t i = 0; i < x.size(); at += channels_[i], ++i)
      ops::copy_channels(stream, pass.batch, x[i], 0, y, at, channels_[i]);
  }
  void backward(Stream& stream, const Pass& pass, View<const float>, Inputs, View<const float>, View<const float>,
                View<const float> dy, InputGrads dx, View<float>) const override {
    int at = 0;
    for (std::size_t i = 0; i < dx.size(); at += channels_[i], ++i)
      if (!dx[i].empty()) ops::copy_channels(stream, pass.batch, dy, at, dx[i], 0, channels_[i]);
  }
  Channels channels() const override { return Channels::joined; }
  std::string_view kind() const override { return "concatenate"; }

 private:
  std::vector<int> channels_;
};

class ShortcutA final : public Layer {
 public:
  ShortcutA(int stride, int channels) : stride_(stride), channels_(channels) {}
  Shape build(ParamLayout&, const std::string& name, std::span<const Shape> inputs) override {
    const Shape& from = inputs[0];
    FEDSCAPE_CHECK(from.rank() == 3 && stride_ > 0 && channels_ >= from[2], "{}: {} to {} channels with stride {}",
                   name, from.text(), channels_, stride_);
    return {(from[0] + stride_ - 1) / stride_, (from[1] + stride_ - 1) / stride_, channels_};
  }
  bool needs_input() const override { return false; }
  void forward(Stream& stream, const Pass& pass, View<const float>, Inputs x, View<float> y,
               View<float>) const override {
    ops::subsample_forward(stream, pass.batch, stride_, x[0], y);
  }
  void backward(Stream& stream, const Pass& pass, View<const float>, Inputs, View<const float>, View<const float>,
                View<const float> dy, InputGrads dx, View<float>) const override {
    if (!dx[0].empty()) ops::subsample_backward(stream, pass.batch, stride_, dy, dx[0]);
  }
  Channels channels() const override { return Channels::padded; }
  std::string_view kind() const override { return "shortcut_a"; }

 private:
  int stride_, channels_;
};

}  // namespace

namespace nn {

void LeakyRelu::forward(Stream& stream, const Pass& pass, View<const float>, Inputs x, View<float> y,
                        View<float>) const {
  ops::leaky_relu_forward(stream, pass.batch, slope_, x[0], y);
}

void LeakyRelu::backward(Stream& stream, const Pass& pass, View<const float>, Inputs, View<const float> y,
                         View<const float>, View<const float> dy, InputGrads dx, View<float>) const {
  if (!dx[0].empty()) ops::leaky_relu_backward(stream, pass.batch, slope_, y, dy, dx[0]);
}

Shape Add::build(ParamLayout&, const std::string& name, std::span<const Shape> inputs) {
  FEDSCAPE_CHECK(inputs.size() == 2 && inputs[0] == inputs[1], "{}: a sum needs two inputs of one shape", name);
  return inputs[0];
}

void Add::forward(Stream& stream, const Pass& pass, View<const float>, Inputs x, View<float> y, View<float>) const {
  ops::add(stream, pass.batch, x[0], x[1], y);
}

void Add::backward(Stream& stream, const Pass&, View<const float>, Inputs, View<const float>, View<const float>,
                   View<const float> dy, InputGrads dx, View<float>) const {
  // dx[0] may be dy's memory, so it comes last.
  for (std::size_t i : {std::size_t{1}, std::size_t{0}})
    if (!dx[i].empty() && dx[i].data != dy.data) ops::axpby(stream, 1, dy, 0, dx[i]);
}

}  // namespace nn

std::unique_ptr<Layer> relu() { return leaky_relu(0); }
std::unique_ptr<Layer> leaky_relu(float slope) { return std::make_unique<nn::LeakyRelu>(slope); }
std::unique_ptr<Layer> dropout(float p, int ordinal) { return std::make_unique<Dropout>(p, ordinal); }
std::unique_ptr<Layer> flatten() { return std::make_unique<Flatten>(); }
std::unique_ptr<Layer> add() { return std::make_unique<nn::Add>(); }
std::unique_ptr<Layer> concatenate() { return std::make_unique<Concatenate>(); }
std::unique_ptr<Layer> shortcut_a(int stride, int channels) { return std::make_unique<ShortcutA>(stride, channels); }

}  // namespace fedscape
