#include "fedscape/ops/mix.hpp"

#include "kernels/mix.hpp"

namespace fedscape::ops {

void mix(Stream& stream, View<const float> weights, View<const float> rows, float beta, View<float> out) {
  FEDSCAPE_CHECK(weights.shape.rank() == 2 && rows.shape.rank() == 2 && out.shape.rank() == 2 &&
                     rows.shape[0] == weights.shape[1] && out.shape == Shape({weights.shape[0], rows.shape[1]}),
                 "mix: weights {}, rows {}, out {}; expected [A,M], [M,P], [A,P]", weights.shape.text(),
                 rows.shape.text(), out.shape.text());
  FEDSCAPE_CHECK(out.data + out.size() <= rows.data || rows.data + rows.size() <= out.data, "mix: out overlaps rows");
  const int A = static_cast<int>(weights.shape[0]), M = static_cast<int>(weights.shape[1]);
  kernels::dispatch(
      stream, [&](auto on) { kernels::mix(on, stream, weights.data, rows.data, beta, out.data, A, M, rows.shape[1]); });
}

}  // namespace fedscape::ops
