#pragma once

#include <vector>

#include "fedscape/nn/pan.hpp"
#include "fedscape/ops/channel_map.hpp"

namespace fedscape::nn {

/// A fixed number of each channel, added or multiplied: pan.hpp.
class PositionEncoding final : public Layer {
 public:
  explicit PositionEncoding(const PanOptions& options) : options_(options) {}
  Shape build(ParamLayout&, const std::string& name, std::span<const Shape> inputs) override;
  bool in_place() const override { return true; }
  bool needs_input() const override { return false; }
  void forward(Stream&, const Pass&, View<const float>, Inputs x, View<float> y, View<float>) const override;
  void backward(Stream&, const Pass&, View<const float>, Inputs, View<const float>, View<const float>,
                View<const float> dy, InputGrads dx, View<float>) const override;
  Channels channels() const override { return Channels::kept; }
  std::string_view kind() const override { return "pan"; }

  ops::ChannelMap map() const;
  bool scales_without_signs() const;  // multiplies, by no negative number

 private:
  PanOptions options_;
  std::vector<float> values_;  // of each channel
};

}  // namespace fedscape::nn
