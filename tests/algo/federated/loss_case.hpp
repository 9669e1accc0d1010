#pragma once

#include <functional>
#include <vector>

#include "fedscape/algo/federated/algorithm.hpp"

namespace fedscape::test {

/// One call of an algorithm's loss(): two models of four classes and five features with 3 and 2 real samples of 3, and
/// what two other models see in them.
struct LossCase {
  LossCase();
  std::vector<int> counts = {3, 2};
  std::vector<float> label_counts = {5, 0, 2, 3, /**/ 1, 4, 0, 0};
  std::vector<std::int32_t> labels = {0, 2, 3, /**/ 1, 0, 0};
  std::vector<float> logits, features;                           // [2,3,4], [2,3,5]
  std::vector<std::vector<float>> other_features, other_logits;  // of each other model
};
struct LossResult {
  std::vector<float> loss, dlogits, dfeatures;
};
LossResult loss_of(const FederatedAlgorithm& algorithm, const LossCase& call);

/// What the loss of model m should be, with its logits [n,4] and features [n,5], in double.
using LossOracle = std::function<double(const LossCase&, int m, const std::vector<double>& logits,
                                        const std::vector<double>& features)>;
/// Losses are the oracle's, and both gradients its central differences.
void expect_loss_and_gradients(const FederatedAlgorithm& algorithm, const LossOracle& oracle);

/// Mean cross-entropy of scale[c] * z + shift[c] in double, for oracles; empty: 1 and 0.
double cross_entropy(const LossCase& call, int m, const std::vector<double>& logits, const std::vector<double>& scale,
                     const std::vector<double>& shift);

}  // namespace fedscape::test
