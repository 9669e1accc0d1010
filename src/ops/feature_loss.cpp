#include "fedscape/ops/feature_loss.hpp"

#include "kernels/feature_loss.hpp"
#include "src/ops/checks.hpp"

namespace fedscape::ops {

namespace {

void check_features(const char* op, const Batch& batch, std::initializer_list<View<const float>> arrays,
                    const Shape& loss, View<const float> dx) {
  check_batch(op, batch);
  const Shape& x = arrays.begin()->shape;
  check_stack(op, "x", batch, x);
  for (const View<const float>& other : arrays)
    FEDSCAPE_CHECK(other.shape == x && x.rank() == 3, "{}: features {} and {}; expected [M,B,F]", op, x.text(),
                   other.shape.text());
  FEDSCAPE_CHECK(loss == Shape{x[0]} && (dx.empty() || dx.shape == x), "{}: features {}, loss {}, dx {}", op, x.text(),
                 loss.text(), dx.shape.text());
}

}  // namespace

void contrast(Stream& stream, const Batch& batch, double weight, double temperature, View<const float> x,
              View<const float> positive, View<const float> negative, View<float> loss, View<float> dx) {
  check_features("contrast", batch, {x, positive, negative}, loss.shape, dx);
  FEDSCAPE_CHECK(temperature > 0, "contrast: temperature {}; it must be above 0", temperature);
  kernels::dispatch(stream, [&](auto on) {
    kernels::contrast(on, stream, batch, weight, temperature, x.data, positive.data, negative.data, loss.data, dx.data,
                      static_cast<int>(x.shape[2]));
  });
}

void mean_discrepancy(Stream& stream, const Batch& batch, double weight, View<const float> x, View<const float> y,
                      View<float> loss, View<float> dx) {
  check_features("mean_discrepancy", batch, {x, y}, loss.shape, dx);
  kernels::dispatch(stream, [&](auto on) {
    kernels::mean_discrepancy(on, stream, batch, weight, x.data, y.data, loss.data, dx.data,
                              static_cast<int>(x.shape[2]));
  });
}

void prototype_distance(Stream& stream, const Batch& batch, double weight, View<const float> x,
                        View<const std::int32_t> labels, View<const float> prototypes, View<const float> known,
                        View<float> loss, View<float> dx) {
  check_features("prototype_distance", batch, {x}, loss.shape, dx);
  check_stack("prototype_distance", "labels", batch, labels.shape);
  FEDSCAPE_CHECK(prototypes.shape == (Shape{known.size(), x.shape[2]}) && known.shape.rank() == 1,
                 "prototype_distance: features {}, prototypes {} of which {} are known", x.shape.text(),
                 prototypes.shape.text(), known.shape.text());
  kernels::dispatch(stream, [&](auto on) {
    kernels::prototype_distance(on, stream, batch, weight, x.data, labels.data, prototypes.data, known.data, loss.data,
                                dx.data, static_cast<int>(x.shape[2]));
  });
}

}  // namespace fedscape::ops
