#include <bit>

#include "fedscape/base/at.hpp"
#include "fedscape/device/profile.hpp"
#include "fedscape/ops/reduce.hpp"
#include "src/algo/federated/trainer.hpp"

namespace fedscape {

/// `which`: of the batches of a step.
void Trainer::gather_batches(Stream& stream, const Now& now, std::span<const Work> block, std::int64_t step, int active,
                             int which) {
  const Stage& stage = stages_[stage_];
  const std::int64_t batch = step / stage.repeats * stage.batches(1) + which;
  const std::span<int> counts = counts_.write();
  const std::span<RngKey> keys = keys_.write(), sample_keys = sample_keys_.write();
  const std::span<std::int32_t> indices = indices_.write();
  for (std::size_t m = 0; m < at(active); ++m) {
    const std::size_t first = m * at(batch_);
    counts[m] = feeds_[m].next(batches_before_[m] + batch, indices.subspan(first, at(batch_)),
                               sample_keys.empty() ? sample_keys : sample_keys.subspan(first, at(batch_)));
    keys[m] = {federation_.seed, Purpose::dropout, static_cast<std::uint32_t>(block[m].address),
               static_cast<std::uint32_t>(now.round), static_cast<std::uint32_t>(steps_before_[m] + step)};
  }
  const std::int64_t samples = std::int64_t{active} * batch_;
  counts_.push(stream, active);
  keys_.push(stream, active);
  indices_.push(stream, samples);
  if (sample_keys_.size() > 0) sample_keys_.push(stream, samples);
  federation_.train.gather(stream, {active, batch_, counts_.first(active)}, indices_.first(samples), augment_,
                           sample_keys_.first(std::min(samples, sample_keys_.size())), inputs_.view().rows(0, active),
                           labels_.view().rows(0, active));
  for (std::size_t i = 0; i < at(stage.others); ++i)
    others_seen_[i] = others_[i].forward(stream, inputs_.view().rows(0, active), active);
}

LocalStep Trainer::see(Stream& stream, const Now& now, std::size_t part, const ClientBlock& clients, const Batch& batch,
                       int repeat) {
  const int active = batch.models;
  return {stream,
          federation_.network,
          clients,
          batch,
          now.server.global,
          server_memory_of(now.server, parts_[part]),
          params_.view().rows(0, active),
          inputs_.view().rows(0, active),
          labels_.view().rows(0, active),
          std::span(others_seen_).first(at(stages_[stage_].others)),
          stage_,
          now.lr,
          repeat,
          &federation_.local.optimizer,
          keys_.first(active),
          optimizer_.state(),
          part == 0 ? workspace_.get() : nullptr};
}

void Trainer::take_gradient(const LocalStep& seen, const Pass& pass, View<const float> params, View<float> loss) {
  Stream& stream = seen.stream;
  const Outputs out = tape_.forward(stream, pass, params, seen.inputs);
  OutputGrads out_grads = tape_.output_grads(stream, pass, stages_[stage_].features);
  in_phase(stream, Phase::loss, "", [&] { federation_.algorithm.loss(seen, out, out_grads, loss); });
  tape_.backward(stream, pass, params, grads_.view().rows(0, pass.batch.models));
}

void Trainer::probe(const LocalStep& seen, const Pass& pass) {
  const View<float> point = point_.view().rows(0, pass.batch.models);
  const Tensor<float> loss(seen.stream, {pass.batch.models});
  LocalStep there = seen;
  there.params = point;
  take_gradient(there, pass, point, loss);
}

void Trainer::correct(Stream& stream, const Now& now, const LocalStep& seen, View<float> loss) {
  const ProfileScope scope(stream, Phase::update, "corrections");
  const int active = seen.batch.models;
  const View<float> grads = grads_.view().rows(0, active);
  for (std::size_t i = 1; i < parts_.size() && !stages_[stage_].personal; ++i) {
    const ClientBlock own = block_of(i, active);
    parts_[i].penalty->add_gradient(see(stream, now, i, own, seen.batch, seen.repeat), loss, grads);
  }
  federation_.algorithm.correct_gradient(seen, grads);
}

/// What the work of a step depends on on the host.
Repetitions::Key Trainer::key_of(const Now& now, const LocalStep& seen) const {
  const auto address = [](const void* p) { return static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(p)); };
  return {static_cast<std::int64_t>(stage_),
          seen.batch.models,
          seen.repeat,
          std::bit_cast<std::int32_t>(now.lr),
          address(seen.global.data),
          address(now.server.memory.data()),
          address(seen.block.memory.data),
          0};
}

void Trainer::local_step(Stream& stream, const Now& now, std::span<const Work> block, std::int64_t step, int active) {
  gather_batches(stream, now, block, step, active, 0);
  optimizer_.advance(stream, static_cast<double>(now.lr));
  const Pass pass{{active, batch_, counts_.first(active)}, keys_.first(active), Mode::train};
  const ClientBlock clients = block_of(0, active);
  const LocalStep seen = see(stream, now, 0, clients, pass.batch, static_cast<int>(step % stages_[stage_].repeats));
  const auto work = [&] { take_step(stream, now, block, step, seen, pass); };
  if (stages_[stage_].probe == Stage::Probe::next_batch)
    work();  // gathers another batch on the way
  else
    repetitions_.run(stream, key_of(now, seen), work);
  copy_on_device(stream, losses_.data() + step * models_, loss_.data(), at(active) * sizeof(float));
  federation_.algorithm.after_step(seen, params_.view().rows(0, active));
}

void Trainer::take_step(Stream& stream, const Now& now, std::span<const Work> block, std::int64_t step,
                        const LocalStep& seen, const Pass& pass) {
  const int active = pass.batch.models;
  const View<float> params = params_.view().rows(0, active), grads = grads_.view().rows(0, active),
                    point = point_.view().rows(0, point_.size() > 0 ? active : 0), loss(loss_.data(), {active});
  const FederatedAlgorithm& algorithm = federation_.algorithm;
  const Stage::Probe kind = stages_[stage_].probe;

  if (kind == Stage::Probe::aside) {
    ops::axpby(stream, 1, params, 0, point);
    algorithm.probe(seen, {}, point);
    probe(seen, pass);
    tape_.update_statistics(stream, pass, point);
    algorithm.step_aside(seen, point, grads);
  }
  take_gradient(seen, pass, params, loss);
  tape_.update_statistics(stream, pass, params);
  if (kind == Stage::Probe::same_batch || kind == Stage::Probe::next_batch) {
    ops::axpby(stream, 1, params, 0, point);
    algorithm.probe(seen, grads, point);
    if (kind == Stage::Probe::next_batch) gather_batches(stream, now, block, step, active, 1);
    probe(seen, pass);
  }
  correct(stream, now, seen, loss);
  optimizer_.apply(stream, active, params, grads, trains_[stage_]);
}

}  // namespace fedscape
