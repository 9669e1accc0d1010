#include "fedscape/algo/distill/predictor.hpp"

#include <algorithm>
#include <numeric>

#include "fedscape/algo/evaluate.hpp"

namespace fedscape {

Predictor::Predictor(Stream& stream, const Network& network)
    : plan_(stream, network, 1),
      x_(stream, network.sample().under(plan_.chunk()).under(1)),
      y_(stream, {plan_.chunk()}) {}

void Predictor::run(Stream& stream, View<const float> params, const Dataset& data, bool features, Predictions& seen) {
  const std::int64_t N = data.size();
  FEDSCAPE_CHECK(data.shape() == x_.shape().inner(2), "samples {} in {}; the network takes {}", data.shape().text(),
                 data.source(), x_.shape().inner(2).text());
  plan_.load(stream, params);
  const auto keep = [&](std::int64_t begin, std::int64_t n, View<const float> values, std::vector<float>& all) {
    const auto width = static_cast<std::size_t>(values.size() / n);
    all.resize(static_cast<std::size_t>(N) * width);
    copy_to_host(stream, all.data() + static_cast<std::size_t>(begin) * width, values.data,
                 static_cast<std::size_t>(values.size()) * sizeof(float));
  };
  seen.features.clear();
  for (std::int64_t begin = 0; begin < N; begin += plan_.chunk()) {
    const std::int64_t n = std::min<std::int64_t>(plan_.chunk(), N - begin);
    order_.resize(static_cast<std::size_t>(n));
    std::iota(order_.begin(), order_.end(), static_cast<std::int32_t>(begin));
    const View<float> x(x_.data(), data.shape().under(n));
    data.gather(stream, order_, {}, {}, x, {y_.data(), {n}});
    const Outputs out = plan_.forward(stream, x.as(data.shape().under(n).under(1)));
    keep(begin, n, out.logits, seen.logits);
    if (features) keep(begin, n, out.features, seen.features);
  }
}

}  // namespace fedscape
