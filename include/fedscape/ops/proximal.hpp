#pragma once

#include <cstdint>

#include "fedscape/device/stream.hpp"
#include "fedscape/tensor/view.hpp"

namespace fedscape::ops {

enum class Proximal { squared, smooth_l1 };

/// What keeps w near a reference. With d = w - reference over `length` parameters that lie side by side in each row:
///   squared:   loss[m] += weight / 2 * sum d^2,      grads += weight * d
///   smooth_l1: loss[m] += weight * sum h(d),         grads += weight * h'(d),
///              h(d) = d^2 / 2 where |d| < 1, else |d| - 1/2.
/// The sum is taken in double, in an order that depends on length only. loss [M]; a reference of stride 0 is shared by
/// all models.
void proximal(Stream& stream, Proximal kind, float weight, std::int64_t length, Slot<const float> w,
              Slot<const float> reference, View<float> loss, Slot<float> grads);

}  // namespace fedscape::ops
