#include "fedscape/ops/channel_map.hpp"

#include "kernels/channel_map.hpp"
#include "src/ops/checks.hpp"

namespace fedscape::ops {

void map_channels(Stream& stream, const Batch& batch, const ChannelMap& map, View<const float> x, View<float> y) {
  check_batch("map_channels", batch);
  check_stack("map_channels", "x", batch, x.shape, true);
  check_stack("map_channels", "y", batch, y.shape);
  check_same_samples("map_channels", x.shape, y.shape);
  FEDSCAPE_CHECK(y.shape.rank() > 2, "map_channels: samples without channels, {}", y.shape.text());
  const std::int64_t channels = y.shape[y.shape.rank() - 1];
  for (const std::span<const float> part : {map.scale, map.shift})
    FEDSCAPE_CHECK(part.empty() || std::ssize(part) == channels, "map_channels: {} numbers for {} channels",
                   part.size(), channels);
  const kernels::ChannelMap pointers{.channels = channels,
                                     .positions = y.shape.inner(2).size() / channels,
                                     .scale = map.scale.empty() ? nullptr : map.scale.data(),
                                     .shift = map.shift.empty() ? nullptr : map.shift.data()};
  const bool shared = is_shared(batch, x.shape);
  kernels::dispatch(stream,
                    [&](auto on) { kernels::map_channels(on, stream, batch, pointers, x.data, shared, y.data); });
}

}  // namespace fedscape::ops
