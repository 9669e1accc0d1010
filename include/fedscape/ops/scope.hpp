#pragma once

#include <cstdint>

#include "fedscape/device/stream.hpp"
#include "fedscape/tensor/view.hpp"

namespace fedscape::ops {

/// Smallest deviation that a scope has: the divergence from a layer of equal weights would be infinite.
inline constexpr double kLeastDeviation = 0x1p-19;

/// The scope of n weights: mu = mean(w), sigma = max(sqrt(mean((w - mu)^2)), kLeastDeviation). Several scopes become
/// one through sums of two terms, with weights p that add up to 1:
///   mean:      mu, sigma                             -> (sum p mu, sum p sigma): Wasserstein-2 barycentre
///   mixture:   mu, sigma^2 + mu^2                    -> moments of the mixture
///   precision: 2^-20 mu / sigma^2, 2^-20 / sigma^2   -> product of the densities, each to the power of its p
/// The unit 2^-20 keeps a term of the least deviation within what an exact sum takes (ops/exact_sum.hpp).
enum class ScopeFusion { mean, mixture, precision };

/// terms[m] = the two terms of `length` weights that lie side by side in row m, sums in double whose order depends on
/// length only. terms: two floats in each of `models` rows.
void scope_terms(Stream& stream, ScopeFusion fusion, std::int64_t length, Slot<const float> w, Slot<float> terms,
                 std::int64_t models);
/// scopes[l] = (mu, sigma) of which terms[l] are the weighted sums.   terms, scopes [L,2]; may be one array.
void fused_scopes(Stream& stream, ScopeFusion fusion, View<const float> terms, View<float> scopes);

enum class ScopeDivergence { current_target, target_current };

/// loss[m] += weight * KL between the Gaussians of a layer's scope and of target [2] = (mu', sigma'):
///   current_target: R = ln(sigma' / sigma) + (sigma^2 + (mu - mu')^2) / (2 sigma'^2) - 1/2
///   target_current: the same with the two exchanged
/// and grads += weight * dR/dw, `length` weights side by side in each row. A target of sigma' = 0 is none: nothing is
/// added. loss [M]; target in device memory.
void align_scope(Stream& stream, ScopeDivergence divergence, double weight, std::int64_t length, Slot<const float> w,
                 View<const float> target, View<float> loss, Slot<float> grads);

}  // namespace fedscape::ops
