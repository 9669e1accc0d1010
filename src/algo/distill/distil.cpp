#include "fedscape/algo/distill/distil.hpp"

#include <cmath>
#include <numbers>
#include <vector>

#include "fedscape/base/at.hpp"
#include "fedscape/device/profile.hpp"
#include "fedscape/device/team.hpp"
#include "fedscape/nn/sgd.hpp"
#include "fedscape/ops/loss.hpp"
#include "fedscape/ops/reduce.hpp"

namespace fedscape {

namespace {

OptimizerOptions adam_of(const DistilOptions& options) {
  return {.optimizer = "adam", .lr = options.lr, .weight_decay = options.weight_decay, .clip = options.clip};
}

/// What the steps of a student need, made once.
class StudentTrainer {
 public:
  StudentTrainer(Stream& stream, const Network& network, const Dataset& data, const DistilOptions& options)
      : data_(data),
        options_(options),
        classes_(at(network.classes())),
        tape_(stream, network, 1, static_cast<int>(options.batch)),
        optimizer_(stream, network.layout(), adam_of(options), 1),
        grads_(stream, {1, network.layout().size()}),
        inputs_(stream, network.sample().under(options.batch).under(1)),
        targets_(stream, {1, options.batch, network.classes()}),
        loss_(stream, {1}),
        unused_(stream, {options.batch}),
        indices_(at(options.batch)),
        host_targets_(at(targets_.size())) {}

  void step(Stream& stream, std::int64_t s, std::span<const float> labels, std::span<const std::int32_t> order,
            RngKey key, View<float> student) {
    const ArenaScope scope(stream);
    gather(stream, s, labels, order);
    key.step = static_cast<std::uint32_t>(s);
    key.purpose = Purpose::dropout;
    const int batch = static_cast<int>(options_.batch);
    const Pass pass{{1, batch, std::span(&batch, 1)}, std::span(&key, 1), Mode::train};
    const Outputs out = tape_.forward(stream, pass, student, inputs_);
    const OutputGrads grads = tape_.output_grads(stream, pass);
    in_phase(stream, Phase::loss, "", [&] {
      ops::fill(stream, 0.0f, loss_.view());
      ops::fill(stream, 0.0f, grads.logits);
      ops::soft_cross_entropy(stream, pass.batch, 1, out.logits, targets_, loss_, grads.logits);
    });
    tape_.backward(stream, pass, student, grads_);
    const double way = std::numbers::pi * static_cast<double>(s) / static_cast<double>(options_.steps);
    const double lr = options_.last_lr + (options_.lr - options_.last_lr) * (1 + std::cos(way)) / 2;
    optimizer_.step(stream, lr, 1, student, grads_);
    tape_.update_statistics(stream, pass, student);
  }

 private:
  void gather(Stream& stream, std::int64_t s, std::span<const float> labels, std::span<const std::int32_t> order) {
    for (std::size_t b = 0; b < indices_.size(); ++b) {
      indices_[b] = order[(at(s) * indices_.size() + b) % order.size()];
      std::copy_n(&labels[at(indices_[b]) * classes_], classes_, &host_targets_[b * classes_]);
    }
    data_.gather(stream, indices_, {}, {}, inputs_.view().as(inputs_.shape().inner()), unused_);
    copy_to_device(stream, targets_.data(), host_targets_.data(), host_targets_.size() * sizeof(float));
  }

  const Dataset& data_;
  const DistilOptions& options_;
  std::size_t classes_;
  Tape tape_;
  Optimizer optimizer_;
  Tensor<float> grads_, inputs_, targets_, loss_;
  Tensor<std::int32_t> unused_;
  std::vector<std::int32_t> indices_;
  std::vector<float> host_targets_;
};

}  // namespace

void DistilOptions::options(Fields& f) {
  f.field("steps", steps, "steps of the student that learns the teachers' labels; 0: none");
  f.field("batch", batch, "server samples of each such step");
  f.field("lr", lr, "learning rate of Adam in the first of them");
  f.field("last_lr", last_lr, "and what it falls to along a cosine");
  f.field("weight_decay", weight_decay, "weight decay of these steps");
  f.field("clip", clip, "largest norm of their gradients; 0: no clipping");
}

void DistilOptions::check(std::string_view whose) const {
  FEDSCAPE_CHECK(steps >= 0 && steps < 1 << 24, "steps of {} are {}; 0 to 2^24 - 1 are possible", whose, steps);
  FEDSCAPE_CHECK(batch >= 1 && batch <= 1 << 20, "batch of {} is {}; 1 to 2^20 are possible", whose, batch);
  FEDSCAPE_CHECK(lr > 0 && std::isfinite(lr), "lr of {} is {}; it must be above 0", whose, lr);
  FEDSCAPE_CHECK(last_lr >= 0 && last_lr <= lr, "last_lr of {} is {}; it must be in [0, lr]", whose, last_lr);
  FEDSCAPE_CHECK(weight_decay >= 0 && std::isfinite(weight_decay), "weight_decay of {} is {}; it must be 0 or more",
                 whose, weight_decay);
  FEDSCAPE_CHECK(clip >= 0 && std::isfinite(clip), "clip of {} is {}; it must be 0 or more", whose, clip);
  adam_of(*this).check();
}

void distil(Workers& workers, const Network& network, const Dataset& data, std::span<const float> labels,
            std::span<const std::int32_t> order, const DistilOptions& options, const RngKey& key, View<float> student) {
  FEDSCAPE_CHECK(labels.size() == at(data.size() * network.classes()) && order.size() == at(data.size()),
                 "{} labels and an order of {} for {} samples of {} classes", labels.size(), order.size(), data.size(),
                 network.classes());
  if (options.steps == 0) return;
  Stream& stream = workers.stream();
  const Team team(workers);
  StudentTrainer trainer(stream, network, data, options);
  for (std::int64_t s = 0; s < options.steps; ++s) trainer.step(stream, s, labels, order, key, student);
  const double squares = ops::moments(stream, student, {}).squares;
  FEDSCAPE_CHECK(std::isfinite(squares), "a student's parameter is not finite after {} steps", options.steps);
}

}  // namespace fedscape
