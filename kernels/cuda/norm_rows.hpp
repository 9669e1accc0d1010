#pragma once

#include "kernels/cuda/columns.hpp"
#include "kernels/norm.hpp"

/// What batch_norm.hpp and group_norm.hpp do to the rows of samples. `Moments` and `Gradients` say where a channel's
/// are kept.
namespace fedscape::kernels::on_grid {

/// Row `row` of a set and channel c lies at at[row * C].
struct RowsOf {
  std::int64_t positions;
  int C;
  template <class T>
  FEDSCAPE_HOST_DEVICE T* at(Slot<T> x, int m, std::int64_t set, int c) const {
    return row_of(x, m) + set * positions * C + c;
  }
};

/// The sums of d and d^2, d = x - a first x: taken off so that the squares do not cancel where the mean is far from 0.
/// The groups' first is that of their first channel.
struct MomentTerms {
  RowsOf rows;
  Slot<const float> x;
  int group;  // channels that share a first; batch norm: 1
  struct Column {
    const float* x;
    double first;
  };
  FEDSCAPE_HOST_DEVICE double first(int m, std::int64_t set, int c) const {
    return static_cast<double>(*rows.at(x, m, set, c / group * group));
  }
  FEDSCAPE_HOST_DEVICE Column column(int m, std::int64_t set, int c) const {
    return {rows.at(x, m, set, c), first(m, set, c)};
  }
  FEDSCAPE_HOST_DEVICE void operator()(const Column& at, std::int64_t row, double& sum, double& squares) const {
    const double d = static_cast<double>(at.x[row * rows.C]) - at.first;
    sum += d;
    squares += d * d;
  }
};

struct MeanAndVariance {
  double mean, variance;
};
/// Of n elements, from their MomentTerms. NaN stays NaN.
FEDSCAPE_HOST_DEVICE inline MeanAndVariance moments_of(double first, double sum, double squares, double n) {
  const double off = sum / n, variance = squares / n - off * off;
  return {first + off, variance < 0 ? 0 : variance};  // below 0 by rounding
}

/// y = (x - mean) * factor + shift.
struct Normalised {
  const float* x;
  float* y;
  float mean, factor, shift;
  FEDSCAPE_HOST_DEVICE void operator()(std::int64_t i) const { y[i] = (x[i] - mean) * factor + shift; }
};

template <class Moments>
struct Normalise {
  RowsOf rows;
  Moments moments;
  Slot<const float> x, scale, shift;
  Slot<float> y;
  FEDSCAPE_HOST_DEVICE Normalised column(int m, std::int64_t set, int c) const {
    return {rows.at(x, m, set, c), rows.at(y, m, set, c), moments.mean(m, set, c),
            moments.inverse(m, set, c) * or_one(row_of(scale, m), c), or_zero(row_of(shift, m), c)};
  }
  FEDSCAPE_HOST_DEVICE void operator()(const Normalised& at, std::int64_t row) const { at(row * rows.C); }
};

/// The sums of dy and dy * (x - mean) * inverse.
template <class Moments>
struct GradientTerms {
  RowsOf rows;
  Moments moments;
  Slot<const float> x, dy;
  struct Column {
    const float *x, *dy;
    float mean, inverse;
  };
  FEDSCAPE_HOST_DEVICE Column column(int m, std::int64_t set, int c) const {
    return {rows.at(x, m, set, c), rows.at(dy, m, set, c), moments.mean(m, set, c), moments.inverse(m, set, c)};
  }
  FEDSCAPE_HOST_DEVICE void operator()(const Column& at, std::int64_t row, double& by_one, double& by_x) const {
    const float gradient = at.dy[row * rows.C], h = (at.x[row * rows.C] - at.mean) * at.inverse;
    by_one += static_cast<double>(gradient);
    by_x += static_cast<double>(gradient * h);
  }
};

/// dscale and dshift of a channel, each of which may be absent.
struct FinishParameters {
  Slot<float> dscale, dshift;
  FEDSCAPE_HOST_DEVICE void operator()(int m, int c, double by_one, double by_x) const {
    if (dscale.data) row_of(dscale, m)[c] = static_cast<float>(by_x);
    if (dshift.data) row_of(dshift, m)[c] = static_cast<float>(by_one);
  }
};

/// dx = factor * dy - offset - (x - mean) * slope.
template <class Moments, class Gradients>
struct Denormalise {
  RowsOf rows;
  Moments moments;
  Gradients gradients;
  Slot<const float> x, dy;
  Slot<float> dx;
  struct Column {
    const float *x, *dy;
    float* dx;
    float mean;
    NormGradient by;
  };
  FEDSCAPE_HOST_DEVICE Column column(int m, std::int64_t set, int c) const {
    return {rows.at(x, m, set, c), rows.at(dy, m, set, c), rows.at(dx, m, set, c), moments.mean(m, set, c),
            gradients.of(m, set, c)};
  }
  FEDSCAPE_HOST_DEVICE void operator()(const Column& at, std::int64_t row) const {
    const std::int64_t i = row * rows.C;
    at.dx[i] = at.by.factor * at.dy[i] - at.by.offset - (at.x[i] - at.mean) * at.by.slope;
  }
};

}  // namespace fedscape::kernels::on_grid
