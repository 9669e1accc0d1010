#pragma once

#include "fedscape/device/stream.hpp"
#include "fedscape/ops/batch.hpp"

/// Losses of what models see in one batch. All arrays of samples are [M,B,F], loss is [M], and dx may be absent. Sums
/// are taken in double, in an order that depends on the counts only.
namespace fedscape::ops {

/// With cosines u = cos(x, positive) and v = cos(x, negative) of one sample's features:
///   loss[m] += weight * mean over the real b of -ln(e^(u / t) / (e^(u / t) + e^(v / t))), t = temperature,
/// and dx += its gradient. The cosine with a vector of zeros is 0, and has no gradient.
void contrast(Stream& stream, const Batch& batch, double weight, double temperature, View<const float> x,
              View<const float> positive, View<const float> negative, View<float> loss, View<float> dx);

/// Maximum mean discrepancy of the n real samples x_i and y_i of a model, as in the FedRepo release:
///   loss[m] += weight * mean over i, j of k(x_i, x_j) + k(y_i, y_j) - 2 k(x_i, y_j),
///   k(a, b) = sum over s = 0..4 of exp(-|a - b|^2 / (2^s w)),
///   4 w = sum of |a - b|^2 over all ordered pairs of the 2n vectors / ((2n)^2 - 2n) + 1e-8, a constant,
/// and dx += its gradient.
void mean_discrepancy(Stream& stream, const Batch& batch, double weight, View<const float> x, View<const float> y,
                      View<float> loss, View<float> dx);

/// Features near the prototype of their class, prototypes [C,F] for all models; known [C]: 0 where a class has none.
///   loss[m] += weight * mean over the real b and all f of known[y] (x[m,b,f] - prototypes[y,f])^2, y = labels[m,b],
/// and dx += its gradient.
void prototype_distance(Stream& stream, const Batch& batch, double weight, View<const float> x,
                        View<const std::int32_t> labels, View<const float> prototypes, View<const float> known,
                        View<float> loss, View<float> dx);

}  // namespace fedscape::ops
