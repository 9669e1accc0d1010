#include "fedscape/ops/reduce.hpp"

#include "kernels/reduce.hpp"

namespace fedscape::ops {

namespace {

void check_equal(const char* op, const Shape& x, const Shape& y) {
  FEDSCAPE_CHECK(x == y, "{}: x {} and y {} differ in shape", op, x.text(), y.text());
}

}  // namespace

void axpby(Stream& stream, float a, View<const float> x, float b, View<float> y) {
  check_equal("axpby", x.shape, y.shape);
  kernels::dispatch(stream, [&](auto on) { kernels::axpby(on, stream, a, x.data, b, y.data, x.size()); });
}

void fill(Stream& stream, float value, View<float> x) {
  kernels::dispatch(stream, [&](auto on) { kernels::fill(on, stream, value, x.data, x.size()); });
}

void fill(Stream& stream, std::int64_t value, View<std::int64_t> x) {
  kernels::dispatch(stream, [&](auto on) { kernels::fill(on, stream, value, x.data, x.size()); });
}

void repeat_rows(Stream& stream, View<const float> x, View<float> out) {
  FEDSCAPE_CHECK(x.shape.rank() == 2 && out.shape.rank() == 2 && x.shape[0] >= 1 && x.shape[1] == out.shape[1],
                 "repeat_rows: x {}, out {}; expected [M',P], [M,P]", x.shape.text(), out.shape.text());
  kernels::dispatch(stream, [&](auto on) {
    kernels::repeat_rows(on, stream, x.data, x.shape[0], out.data, out.shape[0], out.shape[1]);
  });
}

Moments moments(Stream& stream, View<const float> x, View<const float> reference) {
  if (!reference.empty()) check_equal("moments", x.shape, reference.shape);
  return kernels::dispatch(stream,
                           [&](auto on) { return kernels::moments(on, stream, x.data, reference.data, x.size()); });
}

double dot(Stream& stream, View<const float> x, View<const float> y) {
  check_equal("dot", x.shape, y.shape);
  return kernels::dispatch(stream, [&](auto on) { return kernels::dot(on, stream, x.data, y.data, x.size()); });
}

}  // namespace fedscape::ops
