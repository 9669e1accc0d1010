#pragma once

#include <string>

#include "fedscape/algo/federated/algorithm.hpp"

namespace fedscape {

/// FedPHP, personalisation with inherited private models (Li, Zhan, Shao, Li and Song, ECML-PKDD 2021). Every client
/// keeps a private model, which it never sends and which teaches the one it trains for the server,
///
///     (1 - lambda) cross-entropy + lambda transfer,
///     transfer = kd:   mean of -sum over c of softmax(g / 4)_c ln softmax(f)_c, f and g the logits of both models
///     transfer = mmd:  discrepancy of their features, see ops::mean_discrepancy;
///
/// afterwards the private model inherits, with n the rounds that the client took part in before and N those that it can
/// expect in all planned ones (cut to a whole number, at least 1),
///
///     private <- mu private + (1 - mu) trained,     mu = min(0.9, 0.9 n / N).
///
/// It begins as the initial model and is seen as in evaluation. The server averages the trained models; personal
/// metrics are those of private models, or of the global one where a client has not taken part yet. lambda = 0 is
/// FedAvg with private models. The release of MAP warms the rate up over five rounds and weighs clients by samples:
/// options of local training, not of this.
class FedPhp : public FederatedAlgorithm {
 public:
  void options(Fields& f) override;
  void check(const OptimizerOptions& local) const override;
  Footprint footprint(const Problem& problem) const override;
  void initial_memory(Stream& stream, View<const float> global, View<float> server) const override;
  bool needs_rounds() const override { return true; }
  std::vector<Stage> stages() const override;
  void other(const BlockStart& start, int which, View<float> params) const override;
  void loss(const LocalStep& step, const Outputs& out, OutputGrads& grads, View<float> loss) const override;
  void keep(const LocalResult& result, View<float> params) const override;
  void personal(const BlockStart& start, View<float> params) const override;

  /// mu of a client that took part `before` times and can expect `participations` in all.
  static double momentum(std::int64_t before, double participations);

  double lambda = 0.1;
  std::string transfer = "kd";

 protected:
  /// `stage` with what the transfer needs.
  Stage taught(Stage stage) const;
  /// Batch-norm statistics of private models are re-estimated on the client's own samples.
  virtual bool recalibrates() const { return false; }
};

}  // namespace fedscape
