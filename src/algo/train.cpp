#include "fedscape/algo/train.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "fedscape/algo/evaluate.hpp"
#include "fedscape/base/suggest.hpp"
#include "fedscape/base/timer.hpp"
#include "fedscape/device/profile.hpp"
#include "fedscape/ops/loss.hpp"
#include "fedscape/ops/precision.hpp"
#include "fedscape/ops/reduce.hpp"

namespace fedscape {

namespace {

RngKey key_of(std::uint64_t seed, Purpose purpose, std::int64_t epoch, std::int64_t step) {
  return {seed, purpose, 0, static_cast<std::uint32_t>(epoch), static_cast<std::uint32_t>(step)};
}

std::vector<std::int32_t> all_samples(const Network& network, const Dataset& data, const TrainOptions& options) {
  options.check();
  check_fits(network, data);
  FEDSCAPE_CHECK(data.size() > 0, "{} holds no samples to train on", data.source());
  const BatchOptions batches = options.sampling.batches();
  const std::int64_t steps = steps_per_epoch(batches, data.size());
  FEDSCAPE_CHECK(steps * batches.batch < 1 << 24, "{} steps an epoch with batches of {}; fewer than 2^24 samples",
                 steps, batches.batch);
  std::vector<std::int32_t> samples(static_cast<std::size_t>(data.size()));
  std::iota(samples.begin(), samples.end(), 0);
  return samples;
}

int largest_batch(const BatchOptions& options, std::int64_t n) {
  if (options.last == BatchOptions::Last::wrap) return options.batch;
  return static_cast<int>(std::min<std::int64_t>(options.batch, n));
}

}  // namespace

void TrainOptions::options(Fields& f) {
  f.field("epochs", epochs, "epochs to train; fractions are possible");
  f.field("snapshot_every", snapshot_every, "epochs between snapshots of the model; 0: none");
  f.field("precision", precision, "products in float32 or, with --device cuda, tf32");
  sampling.options(f);
  optimizer.options(f);
}

void TrainOptions::check() const {
  FEDSCAPE_CHECK(epochs >= 0 && epochs <= 1e6, "epochs = {}; 0 to 1000000 are possible", epochs);
  FEDSCAPE_CHECK(snapshot_every >= 0, "snapshot_every = {}; 0 or more epochs are possible", snapshot_every);
  check_choice("precision", precision, kTrainingPrecisions);
  sampling.check();
  optimizer.check();
}

CentralTrainer::CentralTrainer(Stream& stream, const Network& network, const Dataset& data, const TrainOptions& options,
                               std::uint64_t seed)
    : options_(options),
      seed_(seed),
      samples_(all_samples(network, data, options)),
      per_epoch_(fedscape::steps_per_epoch(options.sampling.batches(), data.size())),
      steps_(steps_of(options.sampling.batches(), options.epochs, data.size())),
      feed_(data, options.sampling.batches(), samples_, key_of(seed, Purpose::shuffle, 0, 0)),
      batch_(largest_batch(options.sampling.batches(), data.size())),
      tape_(stream, network, 1, batch_),
      optimizer_(stream, network.layout(), options.optimizer, 1),
      params_(stream, {1, network.layout().size()}),
      grads_(stream, params_.shape()),
      inputs_(stream, network.sample().under(batch_)),
      loss_(stream, {1}),
      losses_(stream, {kLossesKept}),
      labels_(stream, {batch_}),
      count_(stream, 1),
      key_(stream, 1) {
  use_tf32(stream, options.precision == "tf32");
  FEDSCAPE_CHECK(steps_ <= std::numeric_limits<int>::max(), "{} epochs of {} steps; fewer than 2^31 steps in all",
                 options.epochs, per_epoch_);
}

std::int64_t CentralTrainer::floats() const {
  return tape_.floats() + params_.size() + grads_.size() + inputs_.size() + losses_.size() + labels_.size();
}

void CentralTrainer::restore(const TrainProgress& progress) {
  FEDSCAPE_CHECK(0 <= progress.step && progress.step <= steps_, "training goes on after step {} of {}", progress.step,
                 steps_);
  progress_ = progress;
  unread_ = 0;
  optimizer_.restore_steps(static_cast<int>(progress.step));
}

bool CentralTrainer::run(Stream& stream, const TrainHooks& hooks) {
  const bool snapshots = options_.snapshot_every > 0 && hooks.snapshot;
  if (snapshots && progress_.step == 0) hooks.snapshot(0, params_.view());
  Timer timer;
  while (progress_.step < steps_) {
    step(stream);
    const bool last = progress_.step == steps_, ends = last || progress_.step % per_epoch_ == 0;
    const bool stop = hooks.stop && hooks.stop();
    if (ends || stop || unread_ == kLossesKept) read_losses(stream);
    if (ends) {
      EpochReport report = end_epoch(stream);
      report.seconds = timer.seconds();
      if (snapshots && (last || report.epoch % options_.snapshot_every == 0))
        hooks.snapshot(static_cast<double>(progress_.step) / static_cast<double>(per_epoch_), params_.view());
      if (hooks.epoch) hooks.epoch(report);
      timer.restart();
    }
    if (stop) break;
  }
  return progress_.step == steps_;
}

void CentralTrainer::step(Stream& stream) {
  const ArenaScope scope(stream);
  const std::int64_t epoch = progress_.step / per_epoch_, step = progress_.step % per_epoch_;
  if (epoch != epoch_) feed_.restart(samples_, key_of(seed_, Purpose::shuffle, epoch, 0));
  epoch_ = epoch;
  count_.write()[0] = feed_.gather(stream, step, inputs_, labels_);
  key_.write()[0] = key_of(seed_, Purpose::dropout, epoch, step);
  count_.push(stream, 1);
  key_.push(stream, 1);
  optimizer_.advance(stream, lr_of(progress_.step));
  repetitions_.run(stream, {}, [&] { take_step(stream); });
  copy_on_device(stream, losses_.data() + unread_, loss_.data(), sizeof(float));
  ++unread_;
  ++progress_.step;
}

void CentralTrainer::take_step(Stream& stream) {
  const Pass pass{{1, batch_, count_.first(1)}, key_.first(1), Mode::train};
  const Outputs out = tape_.forward(stream, pass, params_, inputs_.view().as(inputs_.shape().under(1)));
  const OutputGrads out_grads = tape_.output_grads(stream, pass);
  in_phase(stream, Phase::loss, "", [&] {
    ops::softmax_cross_entropy(stream, pass.batch, out.logits, labels_.view().as({1, batch_}), loss_, out_grads.logits);
  });
  tape_.backward(stream, pass, params_, grads_);
  optimizer_.apply(stream, 1, params_, grads_);
  tape_.update_statistics(stream, pass, params_);
}

void CentralTrainer::read_losses(Stream& stream) {
  copy_to_host(stream, host_losses_.data(), losses_.data(), static_cast<std::size_t>(unread_) * sizeof(float));
  for (std::int64_t i = 0; i < unread_; ++i) {
    const float loss = host_losses_[static_cast<std::size_t>(i)];
    const std::int64_t step = progress_.step - unread_ + i;
    FEDSCAPE_CHECK(std::isfinite(loss), "epoch {}, step {} of {}: the loss is not finite ({})", step / per_epoch_ + 1,
                   step % per_epoch_ + 1, per_epoch_, loss);
    progress_.loss += static_cast<double>(loss);  // in the order of the steps, however often it is looked
  }
  unread_ = 0;
}

EpochReport CentralTrainer::end_epoch(Stream& stream) {
  const std::int64_t last = progress_.step - 1, steps = last % per_epoch_ + 1;
  const double squares = ops::moments(stream, params_.view(), {}).squares;
  FEDSCAPE_CHECK(std::isfinite(squares), "epoch {}, step {} of {}: a parameter is not finite after it",
                 last / per_epoch_ + 1, steps, per_epoch_);
  EpochReport report{.epoch = last / per_epoch_ + 1, .steps = steps};
  report.train_loss = progress_.loss / static_cast<double>(steps);
  report.lr = lr_of(last);
  progress_.loss = 0;
  return report;
}

double CentralTrainer::lr_of(std::int64_t step) const {
  const double per_epoch = static_cast<double>(per_epoch_);
  return scheduled_lr(options_.optimizer, static_cast<double>(step) / per_epoch, options_.epochs, 1 / per_epoch);
}

}  // namespace fedscape
