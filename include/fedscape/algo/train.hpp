#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "fedscape/data/batches.hpp"
#include "fedscape/device/repetitions.hpp"
#include "fedscape/nn/sgd.hpp"
#include "fedscape/tensor/mirrored.hpp"

namespace fedscape {

/// Central training of one model. See `fedscape train --help`.
struct TrainOptions {
  double epochs = 10;                 // fractions allowed
  std::int64_t snapshot_every = 0;    // epochs; 0: none
  std::string precision = "float32";  // of products: float32 or, on CUDA devices, tf32
  SamplingOptions sampling{.batch = 128};
  OptimizerOptions optimizer;
  void options(Fields& f);
  /// An Error says which option is out of its range.
  void check() const;
};

/// What an epoch was like. The last one may have fewer steps, where `epochs` has a fraction.
struct EpochReport {
  std::int64_t epoch = 0;  // 1 for the first
  std::int64_t steps = 0;
  double train_loss = 0;  // mean over its steps of the loss before each step
  double lr = 0;          // of its last step
  double seconds = 0;     // of its steps in this call of run
};

/// Called by CentralTrainer::run; each may be empty. All see the state after the same step: a trainer restored to what
/// they save goes on to the same bits.
struct TrainHooks {
  /// The model [1,P] on the stream's device before the first step (epoch 0), after every snapshot_every-th epoch and
  /// after the last step. Before `epoch`, so that a state saved there has its snapshots behind it.
  std::function<void(double epoch, View<const float> params)> snapshot;
  std::function<void(const EpochReport&)> epoch;
  /// Asked after every step; true: run returns.
  std::function<bool()> stop;
};

/// Where training stands, beside parameters and moments.
struct TrainProgress {
  std::int64_t step = 0;  // completed steps
  double loss = 0;        // sum over those of the epoch under way
};

/// Trains one model on a data set by minibatches of softmax cross-entropy:
///
///     theta <- step(optimiser, scheduled_lr(s / S), mean over the batch of grad l(theta)),  s = 0, 1, ...
///
/// with S steps an epoch. Epoch e is addressed as round e of client 0, so every step is a function of the state before
/// it, the seed and its number: training continues anywhere, and its first epoch is the local training of a client
/// that holds all data. The stream's team shares the work (see team.hpp); the bits are the same with any. A step
/// allocates nothing after the first.
class CentralTrainer {
 public:
  /// Network and data must outlive it.
  CentralTrainer(Stream& stream, const Network& network, const Dataset& data, const TrainOptions& options,
                 std::uint64_t seed);

  /// The state on the stream's device: the model [1,P], to be written before the first step, and the moments of the
  /// optimiser [n,1,P].
  View<float> params() const { return params_; }
  View<float> moments() { return optimizer_.state(); }
  const TrainProgress& progress() const { return progress_; }
  /// Goes on from there; params and moments must have been written.
  void restore(const TrainProgress& progress);

  std::int64_t steps() const { return steps_; }  // of the whole training
  std::int64_t steps_per_epoch() const { return per_epoch_; }
  std::int64_t floats() const;  // that it holds

  /// Trains to the last step (true), or until told to stop before it (false). An Error names epoch and step where the
  /// loss or a parameter is not finite.
  bool run(Stream& stream, const TrainHooks& hooks = {});

 private:
  static constexpr std::int64_t kLossesKept = 64;  // on the device before they are looked at

  void step(Stream& stream);
  /// The model moves by the batch that is gathered.
  void take_step(Stream& stream);
  void read_losses(Stream& stream);
  EpochReport end_epoch(Stream& stream);
  double lr_of(std::int64_t step) const;

  TrainOptions options_;
  std::uint64_t seed_;
  std::vector<std::int32_t> samples_;
  std::int64_t per_epoch_, steps_;
  BatchFeed feed_;
  int batch_;
  Tape tape_;
  Optimizer optimizer_;
  Tensor<float> params_, grads_, inputs_, loss_, losses_;
  Tensor<std::int32_t> labels_;
  Mirrored<int> count_;
  Mirrored<RngKey> key_;
  Repetitions repetitions_;
  TrainProgress progress_;
  std::int64_t epoch_ = 0, unread_ = 0;  // what feed_ is turned to; losses not yet looked at
  std::array<float, kLossesKept> host_losses_{};
};

}  // namespace fedscape
