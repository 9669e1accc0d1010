#pragma once

#include <string_view>

#include "fedscape/nn/network.hpp"

namespace fedscape {

/// Initial parameters of one model, params [P] in host memory, a function of (seed, slot, element) only.
///   torch:     PyTorch's defaults: weights and biases of conv and linear U(-1/sqrt(fan_in), 1/sqrt(fan_in))
///   authors:   conv N(0, 2 / fan_out) (He et al., ICCV 2015), linear N(0, 0.01^2), biases 0 (algorithms.md 1.3)
///   xavier:    weights U(+-sqrt(6 / (fan_in + fan_out))) (Glorot and Bengio, AISTATS 2010), biases as torch
///   landscape: conv N(0, 2 / fan_in), linear N(0, 0.001^2), biases 0 (Li et al., NeurIPS 2018, released code)
/// Norm scales and running variances are 1, their shifts and running means 0.
void init_params(const Network& network, std::string_view scheme, std::uint64_t seed, std::span<float> params);

}  // namespace fedscape
