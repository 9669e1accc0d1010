#include "fedscape/ops/gather.hpp"

#include <algorithm>

#include "fedscape/base/at.hpp"
#include "kernels/gather.hpp"

namespace fedscape::ops {

namespace {

void check_batch_shapes(const Shape& samples, const Shape& labels, const Batch& batch, std::size_t n, const Shape& x,
                        const Shape& y) {
  const std::int64_t M = batch.models, B = batch.size;
  FEDSCAPE_CHECK(samples.rank() == 4 && labels == Shape{samples[0]} && std::ssize(batch.counts) == M &&
                     static_cast<std::int64_t>(n) == M * B && x == samples.inner().under(B).under(M) &&
                     y == (Shape{M, B}),
                 "gather: samples {}, labels {}, {} counts, {} indices, x {}, y {}; expected "
                 "[N,height,width,channels], [N], M = {}, M B with B = {}, [M,B,height,width,channels], [M,B]",
                 samples.text(), labels.text(), batch.counts.size(), n, x.text(), y.text(), M, B);
}

template <class T>
void gather_checked(Stream& stream, const Batch& batch, View<const T> samples, View<const std::int32_t> labels,
                    std::span<const std::int32_t> indices, std::span<const float> mean,
                    std::span<const float> deviation, const Augment& augment, std::span<const RngKey> keys,
                    View<float> x, View<std::int32_t> y) {
  check_batch_shapes(samples.shape, labels.shape, batch, indices.size(), x.shape, y.shape);
  const auto channels = static_cast<std::size_t>(samples.shape[3]);
  FEDSCAPE_CHECK(mean.size() == channels && deviation.size() == channels,
                 "gather: {} means and {} deviations for {} channels", mean.size(), deviation.size(), channels);
  FEDSCAPE_CHECK(keys.empty() || keys.size() == indices.size(), "gather: {} keys for {} samples", keys.size(),
                 indices.size());
  FEDSCAPE_CHECK(augment.pad >= 0 && augment.pad <= std::min(samples.shape[1], samples.shape[2]),
                 "gather: padding {} around samples {}", augment.pad, samples.shape.text());
  for (int m = 0; m < batch.models; ++m)
    for (const std::int32_t index : indices.subspan(at(m) * at(batch.size), at(batch.count(m))))
      FEDSCAPE_CHECK(index >= 0 && index < samples.shape[0], "gather: sample {} of {}", index, samples.shape[0]);
  const kernels::Gather gather = {.models = batch.models,
                                  .size = batch.size,
                                  .counts = batch.counts.data(),
                                  .height = static_cast<int>(samples.shape[1]),
                                  .width = static_cast<int>(samples.shape[2]),
                                  .channels = static_cast<int>(samples.shape[3]),
                                  .labels = labels.data,
                                  .indices = indices.data(),
                                  .mean = mean.data(),
                                  .deviation = deviation.data(),
                                  .augment = augment,
                                  .keys = keys.empty() ? nullptr : keys.data()};
  kernels::dispatch(stream, [&](auto on) { kernels::gather(on, stream, gather, samples.data, x.data, y.data); });
}

}  // namespace

void gather(Stream& stream, const Batch& batch, View<const std::uint8_t> samples, View<const std::int32_t> labels,
            std::span<const std::int32_t> indices, std::span<const float> mean, std::span<const float> deviation,
            const Augment& augment, std::span<const RngKey> keys, View<float> x, View<std::int32_t> y) {
  gather_checked(stream, batch, samples, labels, indices, mean, deviation, augment, keys, x, y);
}

void gather(Stream& stream, const Batch& batch, View<const float> samples, View<const std::int32_t> labels,
            std::span<const std::int32_t> indices, std::span<const float> mean, std::span<const float> deviation,
            const Augment& augment, std::span<const RngKey> keys, View<float> x, View<std::int32_t> y) {
  gather_checked(stream, batch, samples, labels, indices, mean, deviation, augment, keys, x, y);
}

}  // namespace fedscape::ops
