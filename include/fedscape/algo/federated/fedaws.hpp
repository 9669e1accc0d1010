#pragma once

#include "fedscape/algo/federated/algorithm.hpp"

namespace fedscape {

/// FedAwS (Yu, Rawat, Menon and Kumar, ICML 2020), federated averaging with spread-out: after the average the server
/// takes `steps` gradient steps at `rate` on the rows w_c of the classifier, to make them differ, of
///
///     R(W) = sum over c != c' of max(0, margin - d(w_c, w_c'))^2,     d(u, v) = (1 - cos(u, v)) / 2.
///
/// steps = 0 is FedAvg. Deviations: the paper's clients have one class each and train on positive labels only, here
/// they train as in FedAvg; the FedRepo release takes the mean over pairs and steps with momentum.
class FedAws : public FederatedAlgorithm {
 public:
  void options(Fields& f) override;
  void check(const OptimizerOptions& local) const override;
  Footprint footprint(const Problem& problem) const override;
  void server_update(const ServerStep& step) const override;

  double margin = 0.5, rate = 0.01;
  std::int64_t steps = 30;
};

/// R of rows [C,F] and its gradient [C,F], summed in the order of the pairs. A row of zeros is at distance 1/2 of all
/// others and gets no gradient.
double spread_out(std::span<const double> rows, std::int64_t classes, double margin, std::span<double> gradient);

}  // namespace fedscape
