#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "fedscape/nn/network.hpp"

namespace fedscape::test {

/// Deterministic values at least `gap` apart from each other and gap / 2 from 0, so that no kink lies within a
/// difference step.
std::vector<float> spread_values(std::int64_t count, float gap, std::uint64_t seed);
/// Standard normal values.
std::vector<float> normal_values(std::int64_t count, std::uint64_t seed);
/// Parameters [M,P] of a network that has trained: random ones, norm scales and variances well above 0.
std::vector<float> sensible_params(const Network& network, int models);

/// Compares the backward pass of a network with fourth-order central differences of its forward pass, for a stack of
/// two models with 3 and 2 real samples of 3: every parameter and every element of the input.
struct GradientCheck {
  float step = 0.05f;       // of the differences
  double tolerance = 1e-3;  // of |analytic - difference| against max(1, largest gradient)
  bool spread = false;      // inputs from spread_values: for layers with kinks
  Mode mode = Mode::train;
};
/// `build` adds nodes to a network whose sample has this shape. The input is fed through a 1x1-like identity so that
/// its gradient is seen too.
void check_gradients(const Shape& sample, const std::function<void(Network&)>& build, const GradientCheck& check = {});

}  // namespace fedscape::test
