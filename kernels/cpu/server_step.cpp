#include "kernels/server_step.hpp"

namespace fedscape::kernels {

void server_step(Cpu, Stream&, const ops::ServerStep& given, const float* d, float* m, float* v, float* x,
                 std::int64_t n) {
  const ops::ServerStep rates = given;  // a copy that the stores below cannot change
  if (rates.kind == ops::ServerStep::Kind::momentum)
    for (std::int64_t i = 0; i < n; ++i) momentum_element(rates, d[i], m[i], x[i]);
  else
    for (std::int64_t i = 0; i < n; ++i) adaptive_element(rates, d[i], m[i], v[i], x[i]);
}

}  // namespace fedscape::kernels
