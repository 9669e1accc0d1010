#pragma once

#include <span>

#include "fedscape/device/stream.hpp"
#include "fedscape/tensor/view.hpp"

namespace fedscape::ops {

/// y = a * x + b * y over all elements, elementwise; b = 0 does not read y. x and y of one shape; x may be y.
void axpby(Stream& stream, float a, View<const float> x, float b, View<float> y);
/// Every element becomes `value`.
void fill(Stream& stream, float value, View<float> x);
void fill(Stream& stream, std::int64_t value, View<std::int64_t> x);
/// Row m of out = row (m mod rows of x): [M',P] repeated to [M,P].
void repeat_rows(Stream& stream, View<const float> x, View<float> out);

/// Sums of a contiguous array in double, in an order that depends on its length only (host result).
struct Moments {
  double sum = 0, squares = 0;         // of x and x^2
  double same_sign = 0, compared = 0;  // elements where x and reference are both nonzero, and of those with one sign
};
/// Moments of x against a reference of the same shape (may be empty: same_sign and compared stay 0).
Moments moments(Stream& stream, View<const float> x, View<const float> reference);
/// sum of x*y in double, as above.
double dot(Stream& stream, View<const float> x, View<const float> y);

}  // namespace fedscape::ops
