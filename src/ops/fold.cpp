#include "fedscape/ops/fold.hpp"

#include "kernels/fold.hpp"

namespace fedscape::ops {

void fold_batch_norm(Stream& stream, const FixedNorm* norm, const ChannelMap& map, Slot<const float> w,
                     Slot<const float> bias, std::int64_t filters, View<float> folded_w, View<float> folded_bias) {
  const std::int64_t models = folded_w.shape[0], row = folded_w.shape[1];
  FEDSCAPE_CHECK(row % filters == 0 && (folded_bias.shape == Shape{models, filters}), "{} and {} for {} filters",
                 folded_w.shape.text(), folded_bias.shape.text(), filters);
  for (const std::span<const float> part : {map.scale, map.shift})
    FEDSCAPE_CHECK(part.empty() || std::ssize(part) == filters, "a map of {} channels for {} filters", part.size(),
                   filters);
  const auto of = [&](const Slot<const float> FixedNorm::*part) { return norm ? norm->*part : Slot<const float>(); };
  const kernels::Fold fold{.eps = norm ? norm->eps : 0.0f,
                           .mean = of(&FixedNorm::mean),
                           .variance = of(&FixedNorm::variance),
                           .scale = of(&FixedNorm::scale),
                           .shift = of(&FixedNorm::shift),
                           .map_scale = map.scale.empty() ? nullptr : map.scale.data(),
                           .map_shift = map.shift.empty() ? nullptr : map.shift.data(),
                           .w = w,
                           .bias = bias,
                           .folded_w = {folded_w.data, row},
                           .folded_bias = {folded_bias.data, filters}};
  kernels::dispatch(stream, [&](auto on) {
    kernels::fold_batch_norm(on, stream, fold, static_cast<int>(models), filters, row / filters);
  });
}

}  // namespace fedscape::ops
