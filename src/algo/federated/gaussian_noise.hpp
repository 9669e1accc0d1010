#pragma once

#include <span>

#include "fedscape/base/rng.hpp"
#include "fedscape/device/stream.hpp"
#include "fedscape/tensor/view.hpp"

namespace fedscape {

/// Adds the normal numbers of `key`, of mean 0 and this deviation, to the parts of a vector one after the other.
void add_gaussian_noise(Stream& stream, const RngKey& key, float deviation, std::span<const View<float>> parts);

}  // namespace fedscape
