#include "src/algo/federated/block_samples.hpp"

#include <algorithm>

namespace fedscape {

BlockSamples::BlockSamples(Stream& stream, const Network& network, const Dataset& data, const Clients& clients)
    : data_(data),
      clients_(clients),
      recalibrator_(stream, network, 1),
      plan_(stream, network, 1),
      x_(stream, network.sample().under(plan_.chunk())),
      y_(stream, {plan_.chunk()}) {}

std::span<const std::int32_t> BlockSamples::samples(std::int64_t m) const {
  return clients_.train[static_cast<std::size_t>(ids_[static_cast<std::size_t>(m)])];
}

void BlockSamples::recalibrate(Stream& stream, View<float> params) {
  for (std::int64_t m = 0; m < params.shape[0]; ++m)
    recalibrator_.run(stream, data_, samples(m), params.rows(m, m + 1));
}

void BlockSamples::visit(Stream& stream, std::int64_t m, View<const float> params, const Visitor& visitor) {
  const std::span<const std::int32_t> all = samples(m);
  plan_.load(stream, params);
  for (std::size_t begin = 0; begin < all.size(); begin += static_cast<std::size_t>(plan_.chunk())) {
    const std::span<const std::int32_t> batch =
        all.subspan(begin, std::min(static_cast<std::size_t>(plan_.chunk()), all.size() - begin));
    const auto n = static_cast<std::int64_t>(batch.size());
    const ArenaScope scope(stream);
    const View<float> x(x_.data(), data_.shape().under(n));
    const View<std::int32_t> y(y_.data(), {n});
    data_.gather(stream, batch, {}, {}, x, y);
    visitor(plan_.forward(stream, x.as(data_.shape().under(n).under(1))), y);
  }
}

}  // namespace fedscape
