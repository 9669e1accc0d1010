// Are the oracles of the gradients the gradients of the oracles? Compared along random directions, in double.

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "tests/support/op_cases.hpp"

namespace fedscape {
namespace {

double dot(const Values& a, const Values& b) { return std::inner_product(a.begin(), a.end(), b.begin(), 0.0); }

Values values_of(const Expected& tracked) {
  Values values;
  for (const Tracked& t : tracked) values.push_back(t.value);
  return values;
}

std::vector<Values> inputs_of(const OpCase& op) { return rows_of(op, make_inputs(op), 0); }

/// For a forward op that is linear in its input x, times max(0, .): sum of dy * y = sum of dx * x (+ dbias * bias)
/// where dy is 0 at every y that is 0. The row of parameters is all 0 but for the weights, if there are any.
void expect_adjoint(const OpCase& forward, const OpCase& backward, std::size_t dy_at) {
  std::vector<Values> in = inputs_of(forward), back = inputs_of(backward);
  const Values y = values_of(forward.oracle(1, in)[0]);
  back[dy_at].assign(y.size(), 0);
  for (std::size_t i = 0; i < y.size(); ++i) back[dy_at][i] = y[i] == 0 ? 0 : std::cos(static_cast<double>(i));
  const Values dx = values_of(backward.oracle(1, back)[0]);
  EXPECT_NEAR(dot(back[dy_at], y), dot(dx, in[0]), 1e-9 * (1 + std::abs(dot(dx, in[0])))) << forward.name;
}

TEST(Oracles, PoolingGradientsAreAdjoint) {
  const ops::PoolShape shape{7, 6, 3, 3, 2, 2, 2, 1, 1, true, false};
  std::vector<OpCase> cases = cases::average_pool(shape, 1, 1);
  expect_adjoint(cases[0], cases[1], 0);
  cases = cases::adaptive_pool({7, 5, 2}, 3, 4, 1, 1);
  expect_adjoint(cases[0], cases[1], 0);
  cases = cases::max_pool(shape, 1, 1);
  const std::vector<Values> in = inputs_of(cases[1]);  // x, y, dy
  EXPECT_NEAR(dot(in[2], in[1]), dot(values_of(cases[1].oracle(1, in)[0]), in[0]), 1e-9);
}

/// y = w x + b before relu: with dy 0 where relu cut, sum dy y = sum dx x + sum dbias b = sum dw w + sum dbias b.
void expect_bilinear(const std::vector<OpCase>& cases, std::size_t before, std::size_t weights) {
  const std::vector<Values> in = inputs_of(cases[0]);  // x, row of parameters
  const Values y = values_of(cases[0].oracle(1, in)[0]);
  Values dy(y.size());
  for (std::size_t i = 0; i < y.size(); ++i) dy[i] = y[i] > 0 ? std::cos(static_cast<double>(i)) : 0;
  const Values dx = values_of(cases[1].oracle(1, {dy, in[1]})[0]);
  const std::vector<Expected> gradients = cases[2].oracle(1, {in[0], dy});
  const auto w = in[1].begin() + static_cast<std::ptrdiff_t>(before);
  const Values weight(w, w + static_cast<std::ptrdiff_t>(weights)),
      bias(w + static_cast<std::ptrdiff_t>(weights), in[1].end());
  const double of_bias = dot(values_of(gradients[1]), bias), total = dot(dy, y);
  EXPECT_NEAR(total, dot(dx, in[0]) + of_bias, 1e-9 * (1 + std::abs(total))) << cases[1].name;
  EXPECT_NEAR(total, dot(values_of(gradients[0]), weight) + of_bias, 1e-9 * (1 + std::abs(total))) << cases[2].name;
}

TEST(Oracles, LinearGradientsAreAdjoint) { expect_bilinear(cases::linear({1, 1, 7, 5}), 3, 35); }

TEST(Oracles, ConvolutionGradientsAreAdjoint) {
  for (const auto& [name, shape] : cases::network_convs())
    expect_bilinear(cases::conv(name, shape, 1, 1), 5, static_cast<std::size_t>(shape.weights().size()));
}

/// d/dh of sum dy * y(x + h v) against sum dx * v. The moments given to backward are rounded to float: 1e-5.
void expect_norm_gradient(const std::vector<OpCase>& cases) {
  std::vector<Values> back = inputs_of(cases[1]);  // x, moments, row, dy
  const int count = cases[0].counts[0];
  const auto loss = [&](double h) {
    Values x = back[0];
    for (std::size_t i = 0; i < x.size(); ++i) x[i] += h * std::cos(static_cast<double>(i));
    return dot(back[3], values_of(cases[0].oracle(count, {x, back[2]})[0]));
  };
  Values direction(back[0].size());
  for (std::size_t i = 0; i < direction.size(); ++i) direction[i] = std::cos(static_cast<double>(i));
  const double expected = (loss(1e-4) - loss(-1e-4)) / 2e-4;
  EXPECT_NEAR(dot(values_of(cases[1].oracle(count, back)[0]), direction), expected, 1e-5 * (1 + std::abs(expected)))
      << cases[1].name;
}

TEST(Oracles, NormGradientsAreDerivatives) {
  expect_norm_gradient(cases::batch_norm({1, 3, 5, 6}));
  expect_norm_gradient(cases::group_norm({1, 3, 5, 6}, 2));
}

}  // namespace
}  // namespace fedscape
