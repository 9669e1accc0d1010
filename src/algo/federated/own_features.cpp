#include "src/algo/federated/own_features.hpp"

namespace fedscape {

void for_each_sample(Stream& stream, OwnSamples& samples, std::int64_t m, View<const float> params,
                     const std::function<void(std::int32_t label, std::span<const float> features)>& see) {
  samples.visit(stream, m, params, [&](const Outputs& out, View<const std::int32_t> labels) {
    const std::vector<float> h = to_host(stream, out.features);
    const std::vector<std::int32_t> y = to_host(stream, labels);
    const std::size_t width = h.size() / y.size();
    for (std::size_t b = 0; b < y.size(); ++b) see(y[b], std::span(h).subspan(b * width, width));
  });
}

}  // namespace fedscape
