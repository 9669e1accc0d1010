#include "fedscape/device/profile.hpp"
#include "fedscape/ops/reduce.hpp"
#include "src/algo/federated/trainer.hpp"

namespace fedscape {

namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

}  // namespace

void Trainer::gather_batches(Stream& stream, const Round& round, std::span<const Work> block, std::int64_t step,
                             int active) {
  const Shape& sample = federation_.network.sample();
  for (int m = 0; m < active; ++m) {
    counts_[at(m)] =
        feeds_[at(m)].gather(stream, step, {inputs_.data() + m * batch_ * sample.size(), sample.under(batch_)},
                             {labels_.data() + m * batch_, {batch_}});
    keys_[at(m)] = {federation_.seed, Purpose::dropout, static_cast<std::uint32_t>(block[at(m)].address),
                    static_cast<std::uint32_t>(round.index), static_cast<std::uint32_t>(step)};
  }
}

LocalStep Trainer::see(Stream& stream, const Round& round, std::size_t part, const ClientBlock& clients,
                       const Batch& batch) const {
  const int active = batch.models;
  return {stream,
          federation_.network,
          clients,
          batch,
          round.server.global,
          server_memory_of(round.server, parts_[part]),
          params_.view().rows(0, active),
          inputs_.view().rows(0, active),
          labels_.view().rows(0, active),
          schedule_.data(),
          others_seen_};
}

void Trainer::take_gradient(const LocalStep& seen, const Pass& pass, View<const float> params, View<float> loss) {
  Stream& stream = seen.stream;
  const Outputs out = tape_.forward(stream, pass, params, seen.inputs);
  OutputGrads out_grads = tape_.output_grads(stream, pass, size_.features);
  in_phase(stream, Phase::loss, "", [&] { federation_.algorithm.loss(seen, out, out_grads, loss); });
  tape_.backward(stream, pass, params, grads_.view().rows(0, pass.batch.models));
}

/// Statistics are moved before, as the tape still holds the pass of the models themselves.
void Trainer::probe(const LocalStep& seen, const Pass& pass) {
  const int active = pass.batch.models;
  const View<float> params = params_.view().rows(0, active), point = point_.view().rows(0, active);
  tape_.update_statistics(seen.stream, pass, params);
  ops::axpby(seen.stream, 1, params, 0, point);
  federation_.algorithm.probe(seen, grads_.view().rows(0, active), point);
  const Tensor<float> loss(seen.stream, {active});
  LocalStep there = seen;
  there.params = point;
  take_gradient(there, pass, point, loss);
}

void Trainer::correct(Stream& stream, const Round& round, const LocalStep& seen, View<float> loss) {
  const ProfileScope scope(stream, Phase::update, "corrections");
  const int active = seen.batch.models;
  const View<float> grads = grads_.view().rows(0, active);
  for (std::size_t i = 1; i < parts_.size(); ++i) {
    const ClientBlock own = block_of(i, active);
    parts_[i].penalty->add_gradient(see(stream, round, i, own, seen.batch), loss, grads);
  }
  federation_.algorithm.correct_gradient(seen, grads);
}

void Trainer::local_step(Stream& stream, const Round& round, std::span<const Work> block, std::int64_t step,
                         int active) {
  gather_batches(stream, round, block, step, active);
  const Schedule now{round.lr, static_cast<std::int32_t>(step), static_cast<std::int32_t>(round.index)};
  copy_to_device(stream, schedule_.data(), &now, sizeof(now));
  const Pass pass{
      {active, batch_, std::span(counts_).first(at(active))}, std::span(keys_).first(at(active)), Mode::train};
  const View<float> params = params_.view().rows(0, active), loss(losses_.data() + step * models_, {active});
  for (std::size_t i = 0; i < others_.size(); ++i)
    others_seen_[i] = others_[i].forward(stream, inputs_.view().rows(0, active), active);

  const ClientBlock clients = block_of(0, active);
  const LocalStep seen = see(stream, round, 0, clients, pass.batch);
  take_gradient(seen, pass, params, loss);
  if (size_.probe) probe(seen, pass);
  correct(stream, round, seen, loss);
  optimizer_.step(stream, static_cast<double>(round.lr), active, params, grads_.view().rows(0, active));
  if (!size_.probe) tape_.update_statistics(stream, pass, params);
}

}  // namespace fedscape
