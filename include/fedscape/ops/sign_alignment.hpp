#pragma once

#include <cstdint>

#include "fedscape/device/stream.hpp"
#include "fedscape/tensor/view.hpp"

namespace fedscape::ops {

/// What draws w to given signs. s = sign(wanted) in {-1, 0, 1} where |reference| >= threshold, else 0, and
///   hinge:    R = sum max(0, -s w),                          dR/dw = -s where s w < 0, else 0
///   logistic: R = sum -ln(sigmoid(slope s w)) where s != 0,  dR/dw = -slope s sigmoid(-slope s w)
struct SignAlignment {
  enum class Kind { hinge, logistic };
  Kind kind = Kind::hinge;
  float weight = 0, slope = 1, threshold = 0;
};

/// loss[m] += weight * R and grads += weight * dR/dw over `length` parameters that lie side by side in each row; the
/// sum is taken in double, in an order that depends on length only. loss [M]; wanted and reference of stride 0 are
/// shared by all models.
void align_signs(Stream& stream, const SignAlignment& alignment, std::int64_t length, Slot<const float> w,
                 Slot<const float> wanted, Slot<const float> reference, View<float> loss, Slot<float> grads);

/// out = -1, 0 or 1, as x is; x and out of one shape.
void signs(Stream& stream, View<const float> x, View<float> out);

}  // namespace fedscape::ops
