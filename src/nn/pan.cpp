#include "fedscape/nn/pan.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "fedscape/base/check.hpp"
#include "fedscape/ops/reduce.hpp"
#include "src/nn/position_encoding.hpp"

namespace fedscape {

void PanOptions::options(Fields& f) {
  f.field("pan", kind, "position-aware neurons: none, add or mul");
  f.field("pan_amplitude", amplitude, "strength of their encoding; 0: none, -1: 0.15 for add, 0.05 for mul");
  f.field("pan_period", period, "waves of the encoding over the neurons of a layer");
  f.field("pan_ratio", ratio, "fraction of the neurons of a layer that is encoded, the first ones");
  f.field("pan_position", position, "before or after the activation");
}

void PanOptions::check() const {
  constexpr double kLargest = 1e6;
  FEDSCAPE_CHECK(kind == "none" || kind == "add" || kind == "mul", "pan is '{}'; expected none, add or mul", kind);
  FEDSCAPE_CHECK(amplitude == -1 || (amplitude >= 0 && amplitude <= kLargest),
                 "pan_amplitude is {}; it must be in [0,{}], or -1 for the published one", amplitude, kLargest);
  FEDSCAPE_CHECK(period > 0 && period <= kLargest, "pan_period is {}; it must be in (0,{}]", period, kLargest);
  FEDSCAPE_CHECK(ratio >= 0 && ratio <= 1, "pan_ratio is {}; it must be in [0,1]", ratio);
  FEDSCAPE_CHECK(position == "before" || position == "after", "pan_position is '{}'; expected before or after",
                 position);
}

bool PanOptions::active() const { return kind != "none" && amplitude != 0 && ratio != 0; }

std::unique_ptr<Layer> position_encoding(const PanOptions& options) {
  return std::make_unique<nn::PositionEncoding>(options);
}

namespace nn {

Shape PositionEncoding::build(ParamLayout&, const std::string& name, std::span<const Shape> inputs) {
  options_.check();
  FEDSCAPE_CHECK(options_.active(), "{}: a position encoding that is off", name);
  const Shape& from = inputs[0];
  const std::int64_t neurons = from[from.rank() - 1];
  const auto encoded = static_cast<std::int64_t>(options_.ratio * static_cast<double>(neurons));
  const bool adds = options_.kind == "add";
  const double amplitude = options_.amplitude >= 0 ? options_.amplitude : adds ? 0.15 : 0.05;
  values_.assign(static_cast<std::size_t>(neurons), adds ? 0.0f : 1.0f);
  for (std::int64_t j = 0; j < encoded; ++j) {
    const double phase = options_.period * static_cast<double>(j) / static_cast<double>(neurons);
    values_[static_cast<std::size_t>(j)] += static_cast<float>(amplitude * std::sin(2 * std::numbers::pi * phase));
  }
  return from;
}

ops::ChannelMap PositionEncoding::map() const {
  if (options_.kind == "add") return {.scale = {}, .shift = values_};
  return {.scale = values_, .shift = {}};
}

bool PositionEncoding::scales_without_signs() const {
  return options_.kind == "mul" && std::all_of(values_.begin(), values_.end(), [](float e) { return e >= 0; });
}

void PositionEncoding::forward(Stream& stream, const Pass& pass, View<const float>, Inputs x, View<float> y,
                               View<float>) const {
  ops::map_channels(stream, pass.batch, map(), x[0], y);
}

void PositionEncoding::backward(Stream& stream, const Pass& pass, View<const float>, Inputs, View<const float>,
                                View<const float>, View<const float> dy, InputGrads dx, View<float>) const {
  if (dx[0].empty()) return;
  if (!map().scale.empty()) return ops::map_channels(stream, pass.batch, map(), dy, dx[0]);
  if (dx[0].data != dy.data) ops::axpby(stream, 1, dy, 0, dx[0]);
}

}  // namespace nn
}  // namespace fedscape
