#pragma once

#include <cstdint>

#include "fedscape/ops/gather.hpp"
#include "kernels/backend.hpp"

namespace fedscape::kernels {

/// What a gather reads and how. counts [M], mean and deviation [C], indices and keys [M,B] in host memory; keys null:
/// no augmentation.
struct Gather {
  int models, size;  // M, B
  const int* counts;
  int height, width, channels;
  const std::int32_t *labels, *indices;
  const float *mean, *deviation;
  ops::Augment augment;
  const RngKey* keys;
};
FEDSCAPE_KERNEL(void, gather, Stream& stream, const Gather& gather, const std::uint8_t* samples, float* x,
                std::int32_t* y);
FEDSCAPE_KERNEL(void, gather, Stream& stream, const Gather& gather, const float* samples, float* x, std::int32_t* y);

/// Output pixel (y,x) shows input pixel (y + down, x' + right), with x' counted from the other side when flipped.
struct Crop {
  int down, right;
  bool flip;
};

/// The crop of one sample: each of the (2 pad + 1)^2 places equally likely.
FEDSCAPE_HOST_DEVICE inline Crop crop_of(const ops::Augment& augment, RngKey key) {
  Crop crop{};
  RngBlock words;
  if (augment.pad > 0) {
    key.purpose = Purpose::crop;
    philox(key, 0, words);
    const auto places = static_cast<std::uint64_t>(2 * augment.pad + 1);
    crop.down = static_cast<int>((words[0] * places) >> 32) - augment.pad;
    crop.right = static_cast<int>((words[1] * places) >> 32) - augment.pad;
  }
  if (augment.flip) {
    key.purpose = Purpose::flip;
    philox(key, 0, words);
    crop.flip = (words[0] >> 31) != 0;
  }
  return crop;
}

FEDSCAPE_HOST_DEVICE inline float unit_value(std::uint8_t sample) { return static_cast<float>(sample) / 255.0f; }
FEDSCAPE_HOST_DEVICE inline float unit_value(float sample) { return sample; }

}  // namespace fedscape::kernels
