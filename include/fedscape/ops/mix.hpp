#pragma once

#include "fedscape/device/stream.hpp"
#include "fedscape/tensor/view.hpp"

namespace fedscape::ops {

/// out[a] = beta * out[a] + sum over m of weights[a,m] * rows[m], summed in the order of m; beta = 0 does not read out.
/// weights [A,M] in host memory, rows [M,P], out [A,P]; out must not overlap rows.
void mix(Stream& stream, View<const float> weights, View<const float> rows, float beta, View<float> out);

}  // namespace fedscape::ops
