#pragma once

#include "kernels/cpu/wide.hpp"

/// Winograd's minimal filtering F(4, 3) along one axis (Lavin and Gray, CVPR 2016): four outputs of a filter of three
/// taps cost six multiplications instead of twelve,
///
///     y = A^T ((G w) * (B^T d)),     w [3], d [6], y [4],
///
/// and F(4x4, 3x3) is the same along both axes. The points are 0, +-p, +-q and infinity. p = 5/8 and q = 3/2, exact in
/// binary, keep the error of a float32 convolution within twice that of direct summation; 1 and 2 would double it
/// again.
namespace fedscape::kernels::winograd {

constexpr int kTaps = 3, kOutputs = 4, kPoints = 6;
constexpr float kP = 0.625f, kQ = 1.5f;
constexpr float kP2 = kP * kP, kQ2 = kQ * kQ;
constexpr float kNormZero = 1 / (kP2 * kQ2), kNormP = 1 / (2 * kP2 * (kP2 - kQ2)), kNormQ = 1 / (2 * kQ2 * (kQ2 - kP2));

/// v = B^T d: an input line at the points.
inline void input_line(const Wide (&d)[kPoints], Wide (&v)[kPoints]) {
  const Wide even_p = d[4] - kQ2 * d[2], odd_p = d[3] - kQ2 * d[1];
  const Wide even_q = d[4] - kP2 * d[2], odd_q = d[3] - kP2 * d[1];
  v[0] = kP2 * kQ2 * d[0] - (kP2 + kQ2) * d[2] + d[4];
  v[1] = even_p + kP * odd_p;
  v[2] = even_p - kP * odd_p;
  v[3] = even_q + kQ * odd_q;
  v[4] = even_q - kQ * odd_q;
  v[5] = kP2 * kQ2 * d[1] - (kP2 + kQ2) * d[3] + d[5];
}

/// y = A^T m: products at the points to an output line.
inline void output_line(const Wide (&m)[kPoints], Wide (&y)[kOutputs]) {
  const Wide sum_p = m[1] + m[2], difference_p = m[1] - m[2];
  const Wide sum_q = m[3] + m[4], difference_q = m[3] - m[4];
  y[0] = m[0] + sum_p + sum_q;
  y[1] = kP * difference_p + kQ * difference_q;
  y[2] = kP2 * sum_p + kQ2 * sum_q;
  y[3] = kP2 * kP * difference_p + kQ2 * kQ * difference_q + m[5];
}

/// z = A dy: the gradient of an output line at the points, the adjoint of output_line.
inline void output_gradient_line(const Wide (&dy)[kOutputs], Wide (&z)[kPoints]) {
  const Wide even_p = dy[0] + kP2 * dy[2], odd_p = kP * dy[1] + kP2 * kP * dy[3];
  const Wide even_q = dy[0] + kQ2 * dy[2], odd_q = kQ * dy[1] + kQ2 * kQ * dy[3];
  z[0] = dy[0];
  z[1] = even_p + odd_p;
  z[2] = even_p - odd_p;
  z[3] = even_q + odd_q;
  z[4] = even_q - odd_q;
  z[5] = dy[3];
}

/// u = G w: a line of the filter at the points.
inline void filter_line(const Wide (&w)[kTaps], Wide (&u)[kPoints]) {
  const Wide even_p = kNormP * w[0] + kNormP * kP2 * w[2], odd_p = kNormP * kP * w[1];
  const Wide even_q = kNormQ * w[0] + kNormQ * kQ2 * w[2], odd_q = kNormQ * kQ * w[1];
  u[0] = kNormZero * w[0];
  u[1] = even_p + odd_p;
  u[2] = even_p - odd_p;
  u[3] = even_q + odd_q;
  u[4] = even_q - odd_q;
  u[5] = w[2];
}

/// dw = G^T u: the adjoint of filter_line.
inline void filter_gradient_line(const Wide (&u)[kPoints], Wide (&dw)[kTaps]) {
  const Wide sum_p = kNormP * (u[1] + u[2]), difference_p = kNormP * kP * (u[1] - u[2]);
  const Wide sum_q = kNormQ * (u[3] + u[4]), difference_q = kNormQ * kQ * (u[3] - u[4]);
  dw[0] = kNormZero * u[0] + sum_p + sum_q;
  dw[1] = difference_p + difference_q;
  dw[2] = kP2 * sum_p + kQ2 * sum_q + u[5];
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
