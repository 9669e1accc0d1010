#include "fedscape/ops/server_step.hpp"

#include "fedscape/base/check.hpp"
#include "kernels/server_step.hpp"

namespace fedscape::ops {

void server_step(Stream& stream, const ServerStep& rates, View<const float> d, View<float> m, View<float> v,
                 View<float> x) {
  const bool adaptive = rates.kind != ServerStep::Kind::momentum;
  FEDSCAPE_CHECK(d.shape == m.shape && d.shape == x.shape && (!adaptive || v.shape == d.shape),
                 "d {}, m {}, v {}, x {}; all are of one shape", d.shape.text(), m.shape.text(), v.shape.text(),
                 x.shape.text());
  kernels::dispatch(
      stream, [&](auto on) { kernels::server_step(on, stream, rates, d.data, m.data, v.data, x.data, d.size()); });
}

}  // namespace fedscape::ops
