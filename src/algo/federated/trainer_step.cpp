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
  const Shape& sample = federation_.network.sample();
  for (int m = 0; m < active; ++m) {
    counts_[at(m)] = feeds_[at(m)].gather(stream, batches_before_[at(m)] + batch,
                                          {inputs_.data() + m * batch_ * sample.size(), sample.under(batch_)},
                                          {labels_.data() + m * batch_, {batch_}});
    keys_[at(m)] = {federation_.seed, Purpose::dropout, static_cast<std::uint32_t>(block[at(m)].address),
                    static_cast<std::uint32_t>(now.round), static_cast<std::uint32_t>(steps_before_[at(m)] + step)};
  }
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
          schedule_.data(),
          std::span(others_seen_).first(at(stages_[stage_].others)),
          stage_,
          now.lr,
          repeat,
          &federation_.local.optimizer,
          std::span(keys_).first(at(active)),
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

void Trainer::local_step(Stream& stream, const Now& now, std::span<const Work> block, std::int64_t step, int active) {
  gather_batches(stream, now, block, step, active, 0);
  const Schedule schedule{now.lr, static_cast<std::int32_t>(step), static_cast<std::int32_t>(now.round)};
  copy_to_device(stream, schedule_.data(), &schedule, sizeof(schedule));
  const Pass pass{
      {active, batch_, std::span(counts_).first(at(active))}, std::span(keys_).first(at(active)), Mode::train};
  const View<float> params = params_.view().rows(0, active), grads = grads_.view().rows(0, active),
                    point = point_.view().rows(0, point_.size() > 0 ? active : 0),
                    loss(losses_.data() + step * models_, {active});
  const ClientBlock clients = block_of(0, active);
  const LocalStep seen = see(stream, now, 0, clients, pass.batch, static_cast<int>(step % stages_[stage_].repeats));
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
  optimizer_.step(stream, static_cast<double>(now.lr), active, params, grads, trains_[stage_]);
  algorithm.after_step(seen, params);
}

}  // namespace fedscape
