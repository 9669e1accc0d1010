#pragma once

#include <cstdint>
#include <span>

#include "fedscape/device/stream.hpp"
#include "fedscape/ops/batch.hpp"

namespace fedscape::ops {

/// Random crop of `pad` zero pixels (in normalised units) around, then a horizontal flip with probability 1/2; both
/// addressed by a key per sample. Neither: identity.
struct Augment {
  int pad = 0;
  bool flip = false;
};

/// For the real samples b of each model, with i = indices[m,b]:
///   x[m,b] = (float(samples[i]) / 255 - mean[c]) / deviation[c], augmented where keys are given, and y[m,b] =
///   labels[i].
/// samples [N,height,width,channels] as bytes, labels [N]; mean, deviation [channels]; indices [M,B] in host memory;
/// keys [M,B] or empty (the crop and flip purposes are set by the op); x [M,B,height,width,channels], y [M,B].
void gather(Stream& stream, const Batch& batch, View<const std::uint8_t> samples, View<const std::int32_t> labels,
            std::span<const std::int32_t> indices, std::span<const float> mean, std::span<const float> deviation,
            const Augment& augment, std::span<const RngKey> keys, View<float> x, View<std::int32_t> y);
/// The same for samples that are floats: x[m,b] = (samples[i] - mean[c]) / deviation[c].
void gather(Stream& stream, const Batch& batch, View<const float> samples, View<const std::int32_t> labels,
            std::span<const std::int32_t> indices, std::span<const float> mean, std::span<const float> deviation,
            const Augment& augment, std::span<const RngKey> keys, View<float> x, View<std::int32_t> y);

}  // namespace fedscape::ops
