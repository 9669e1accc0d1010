#pragma once

#include <string>

#include "fedscape/base/fields.hpp"
#include "fedscape/nn/network.hpp"
#include "fedscape/ops/optimizer.hpp"
#include "fedscape/tensor/mirrored.hpp"

namespace fedscape {

/// The optimiser of local (or central) training and its schedule.
struct OptimizerOptions {
  std::string optimizer = "sgd";  // sgd, adam, adamw
  double lr = 0.1, momentum = 0.0, weight_decay = 0.0;
  bool nesterov = false;
  double beta1 = 0.9, beta2 = 0.999, eps = 1e-8;
  double clip = 0.0;                  // largest gradient norm of one model; 0: no clipping
  std::string schedule = "constant";  // constant, step, cosine
  std::string milestones;             // step: e.g. "100,150", in the schedule's unit
  double gamma = 0.1;                 // step: factor at each milestone
  double warmup = 0.0;                // linear over this many units
  void options(Fields& f);
  /// An Error names the option that makes no sense, what was expected and what came.
  void check() const;
};

/// Learning rate of the interval [t, t + length) of `total` units (rounds of a federation, epochs of central training;
/// fractions allowed): lr times
///   warm-up  min(1, (t + length) / warmup), so that the first interval already learns (MAP: min(r / 5, 1), r = 1, 2..)
///   step     gamma ^ (number of milestones <= t), as PyTorch's MultiStepLR
///   cosine   (1 + cos(pi * (t - warmup) / (total - warmup))) / 2 from the end of the warm-up on
double scheduled_lr(const OptimizerOptions& options, double t, double total, double length = 1.0);

/// State of the optimiser for a stack of up to M models, reset before each use. Trains all slots but statistics.
class Optimizer {
 public:
  Optimizer(Stream& stream, const ParamLayout& layout, const OptimizerOptions& options, int models);
  /// Forgets moments: the next step is the first.
  void reset() { steps_ = 0; }
  /// Begins a step with this rate.
  void advance(Stream& stream, double lr);
  /// Goes on with the step: clips, then updates the first `active` rows; asks the same of the device in each step.
  /// params, grads [M,P]; M <= models, and a row that takes part in a step
  /// took part in all steps since the reset. `runs`, where not empty: of these parameters only, [begin, end); gradients
  /// of the others become 0.
  void apply(Stream& stream, int active, View<float> params, View<float> grads, std::span<const ParamRun> runs = {});
  /// Both.
  void step(Stream& stream, double lr, int active, View<float> params, View<float> grads) {
    advance(stream, lr);
    apply(stream, active, params, grads);
  }

  /// Moments and step count, to save and restore: [moments per model, M, P].
  View<float> state() { return state_; }
  int steps() const { return steps_; }
  void restore_steps(int steps) { steps_ = steps; }

 private:
  const ParamLayout* layout_;
  OptimizerOptions options_;
  Tensor<float> state_;
  Mirrored<ops::Sgd> sgd_;         // [1] of this step
  Mirrored<ops::AdamRates> adam_;  // [1]
  int steps_ = 0;
};

}  // namespace fedscape
