#pragma once

#include "kernels/cpu/wide.hpp"

/// Winograd's minimal filtering along one axis (Lavin and Gray, CVPR 2016): `outputs` outputs of a filter of `taps`
/// taps, outputs + taps = 7, cost six multiplications instead of outputs * taps,
///
///     y = A^T ((G w) * (B^T d)),     w [taps], d [6], y [outputs],
///
/// and along both axes 36 instead of (outputs * taps)^2: 144 for 3x3 filters, 100 for 5x5. A and G evaluate polynomials
/// at the points 0, +-p, +-q and infinity, G divided by what makes the interpolation exact. p = 5/8 and q = 3/2, exact
/// in binary, keep the error of a float32 convolution within twice that of direct summation; 1 and 2 would double it
/// again.
namespace fedscape::kernels::winograd {

constexpr int kPoints = 6, kSquare = kPoints * kPoints;
constexpr double kP = 0.625, kQ = 1.5;
constexpr double kP2 = kP * kP, kQ2 = kQ * kQ;

constexpr int outputs_for(int taps) { return kPoints + 1 - taps; }
/// Factors of A, and of G: powers of the points, for G over the derivative of x (x^2 - p^2) (x^2 - q^2) there.
struct Values {
  static constexpr double norm(double) { return 1; }
};
struct Filters {
  static constexpr double norm(double x) {
    return x == 0 ? kP2 * kQ2 : 5 * x * x * x * x - 3 * (kP2 + kQ2) * x * x + kP2 * kQ2;
  }
};
template <class Which>
constexpr float factor(double x, int i) {
  double value = 1 / Which::norm(x);
  for (; i > 0; --i) value *= x;
  return static_cast<float>(value);
}

/// v = B^T d: an input line at the points.
[[gnu::always_inline]] inline void input_line(const Wide (&d)[kPoints], Wide (&v)[kPoints]) {
  constexpr float p = kP, q = kQ, p2 = kP2, q2 = kQ2, sum = kP2 + kQ2, product = kP2 * kQ2;
  const Wide even_p = d[4] - q2 * d[2], odd_p = d[3] - q2 * d[1];
  const Wide even_q = d[4] - p2 * d[2], odd_q = d[3] - p2 * d[1];
  v[0] = product * d[0] - sum * d[2] + d[4];
  v[1] = even_p + p * odd_p;
  v[2] = even_p - p * odd_p;
  v[3] = even_q + q * odd_q;
  v[4] = even_q - q * odd_q;
  v[5] = product * d[1] - sum * d[3] + d[5];
}

/// The polynomial with coefficients c [Length] at the points; at infinity it is its last coefficient. A c or G c.
template <class Which, int Length>
[[gnu::always_inline]] inline void at_points(const Wide (&c)[Length], Wide (&v)[kPoints]) {
  Wide even_p = factor<Which>(kP, 0) * c[0], odd_p = factor<Which>(kP, 1) * c[1];
  Wide even_q = factor<Which>(kQ, 0) * c[0], odd_q = factor<Which>(kQ, 1) * c[1];
  for (int i = 2; i < Length; ++i) {
    (i % 2 ? odd_p : even_p) += factor<Which>(kP, i) * c[i];
    (i % 2 ? odd_q : even_q) += factor<Which>(kQ, i) * c[i];
  }
  v[0] = factor<Which>(0, 0) * c[0];
  v[1] = even_p + odd_p;
  v[2] = even_p - odd_p;
  v[3] = even_q + odd_q;
  v[4] = even_q - odd_q;
  v[5] = c[Length - 1];
}

/// The adjoint of at_points: A^T v or G^T v.
template <class Which, int Length>
[[gnu::always_inline]] inline void from_points(const Wide (&v)[kPoints], Wide (&c)[Length]) {
  const Wide even_p = v[1] + v[2], odd_p = v[1] - v[2], even_q = v[3] + v[4], odd_q = v[3] - v[4];
  c[0] = factor<Which>(0, 0) * v[0] + factor<Which>(kP, 0) * even_p + factor<Which>(kQ, 0) * even_q;
  for (int i = 1; i < Length; ++i)
    c[i] = factor<Which>(kP, i) * (i % 2 ? odd_p : even_p) + factor<Which>(kQ, i) * (i % 2 ? odd_q : even_q);
  c[Length - 1] += v[5];
}

/// The transform of a square of `Side`^2 elements to `To`^2: `line` along y, then along x.
/// get(i, j) is an element of the square, put(i, j, value) takes one of the result.
template <int Side, int To, class Line, class Get, class Put>
[[gnu::always_inline]] inline void transform_square(Line&& line, Get&& get, Put&& put) {
  Wide half[Side][To];
  for (int j = 0; j < Side; ++j) {
    Wide in[Side], out[To];
    for (int i = 0; i < Side; ++i) in[i] = get(i, j);
    line(in, out);
    for (int i = 0; i < To; ++i) half[j][i] = out[i];
  }
  for (int i = 0; i < To; ++i) {
    Wide in[Side], out[To];
    for (int j = 0; j < Side; ++j) in[j] = half[j][i];
    line(in, out);
    for (int j = 0; j < To; ++j) put(i, j, out[j]);
  }
}

}  // namespace fedscape::kernels::winograd
