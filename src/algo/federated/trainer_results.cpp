#include <algorithm>
#include <cmath>

#include "fedscape/algo/federated/privacy.hpp"
#include "fedscape/base/at.hpp"
#include "fedscape/device/profile.hpp"
#include "fedscape/ops/reduce.hpp"
#include "src/algo/federated/trainer.hpp"

namespace fedscape {

namespace {

std::string failure(const Work& work, const Round& round, const std::string& what) {
  return fmt::format("client {}, round {}: {}", work.id, round.now.round + 1, what);
}

}  // namespace

LocalResult Trainer::result_of(Stream& stream, const Round& round, std::size_t part, const ClientBlock& clients) {
  const auto models = static_cast<std::int64_t>(clients.ids.size());
  return {stream,
          federation_.network,
          clients,
          round.now.server.global,
          server_memory_of(round.now.server, parts_[part]),
          params_.view().rows(0, models),
          round.now.lr,
          federation_.local.optimizer,
          round.cohort,
          own_samples_ ? &*own_samples_ : nullptr,
          keys_.first(std::ssize(clients.ids))};
}

void Trainer::address_results(const Round& round, std::span<const Work> block) {
  const std::span<RngKey> keys = keys_.write();
  for (std::size_t m = 0; m < block.size(); ++m)
    keys[m] = {federation_.seed, Purpose::upload_noise, static_cast<std::uint32_t>(block[m].address),
               static_cast<std::uint32_t>(round.now.round), 0};
}

void Trainer::send(Stream& stream, const Round& round, std::span<const Work> block, std::int64_t row) {
  const int models = static_cast<int>(block.size());
  const std::span<const Stage> stages = std::span(stages_).first(round_stages_);
  for (std::size_t m = 0; m < block.size(); ++m) steps_[m] = sending_steps(stages, block[m].steps);
  if (own_samples_) own_samples_->turn_to(std::span(ids_).first(block.size()));
  address_results(round, block);
  {
    const ArenaScope scope(stream);
    const ProfileScope uploading(stream, Phase::aggregation, "upload");
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      const ClientBlock clients = block_of(i, models);
      const LocalResult result = result_of(stream, round, i, clients);
      const View<float> upload = upload_[i].view().rows(0, models);
      if (i == 0)
        federation_.algorithm.upload(result, upload);
      else
        parts_[i].penalty->upload(result, upload);
    }
  }
  if (federation_.privacy != nullptr) make_private(stream, round, block);
  add_uploads(stream, round, block, row);
  for (std::int64_t m = 0; round.observe && m < models; ++m)
    if (block[at(m)].address == block[at(m)].id) round.observe(stream, ids_[at(m)], params_.view().rows(m, m + 1));
}

void Trainer::finish(Stream& stream, const Round& round, std::span<const Work> block) {
  address_results(round, block);
  {
    const ArenaScope scope(stream);
    const ClientBlock clients = block_of(0, static_cast<int>(block.size()));
    federation_.algorithm.keep(result_of(stream, round, 0, clients), params_.view().rows(0, std::ssize(block)));
  }
  store_memory(stream, round, block);
  if (federation_.local.evaluate_clients) add_metrics(stream, round, block, RoundSum::When::after);
}

void Trainer::add_losses(Stream& stream, const Round& round, std::span<const Work> block) {
  copy_to_host(stream, host_.data(), losses_.data(), at(steps_.front() * models_) * sizeof(float));
  for (std::size_t m = 0; m < block.size(); ++m) {
    double sum = 0;
    std::int64_t bad = -1;
    for (std::int64_t step = steps_[m] - 1; step >= 0; --step)
      if (!std::isfinite(host_[at(step * models_) + m])) bad = step;
    for (std::int64_t step = 0; step < steps_[m]; ++step) sum += static_cast<double>(host_[at(step * models_) + m]);
    if (bad >= 0)
      round.sum.fail(block[m].id, failure(block[m], round,
                                          fmt::format("the loss is not finite ({}) in local step {} of {}",
                                                      host_[at(bad * models_) + m], bad + 1, steps_[m])));
    else if (!stages_[stage_].personal && !round.sum.add_loss(sum / static_cast<double>(round.steps)))
      round.sum.fail(block[m].id, failure(block[m], round, "the loss is beyond 2^18"));
  }
}

/// Bounds, and perhaps noises, what each client sends: the parts of its upload together.
void Trainer::make_private(Stream& stream, const Round& round, std::span<const Work> block) {
  const ArenaScope scope(stream);
  const ProfileScope bounding(stream, Phase::aggregation, "privacy");
  const Privacy& privacy = *federation_.privacy;
  const double clients = static_cast<double>(round.cohort.weights.size());
  std::vector<View<float>> parts(parts_.size());
  for (std::int64_t m = 0; m < static_cast<std::int64_t>(block.size()); ++m) {
    for (std::size_t i = 0; i < parts.size(); ++i) parts[i] = upload_[i].view().rows(m, m + 1);
    const Work& work = block[at(m)];
    const double norm = privacy.clip(stream, parts);
    if (!round.sum.add_norm(norm / clients, norm > privacy.options().clip))
      round.sum.fail(work.id, failure(work, round, "the norm of what it sends is not finite, or beyond 2^18"));
    if (privacy.noises_uploads()) privacy.add_noise(stream, work.address, round.now.round, parts);
  }
}

void Trainer::add_uploads(Stream& stream, const Round& round, std::span<const Work> block, std::int64_t row) {
  const std::int64_t models = static_cast<std::int64_t>(block.size());
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    if (parts_[i].size.upload == 0) continue;
    const View<const float> upload = upload_[i].view().rows(0, models);
    const int bad = round.sum.add_upload(stream, parts_[i].upload, std::span(weights_).first(block.size()), upload);
    if (bad >= 0)
      round.sum.fail(block[at(bad)].id,
                     failure(block[at(bad)], round, "what it sends is not finite, or beyond 2^18 in magnitude"));
    if (parts_[i].size.uploads)
      copy_on_device(stream, round.kept[i].data() + row * upload.shape[1], upload.data,
                     at(upload.size()) * sizeof(float));
  }
}

void Trainer::store_memory(Stream& stream, const Round& round, std::span<const Work> block) {
  if (memory_row_.empty()) return;
  for (std::int64_t m = 0; m < static_cast<std::int64_t>(block.size()); ++m) {
    for (std::size_t i = 0; i < parts_.size(); ++i)
      copy_to_host(stream, memory_row_.data() + parts_[i].client, memory_[i].data() + m * parts_[i].size.client,
                   at(parts_[i].size.client) * sizeof(float));
    in_phase(stream, Phase::io, "memory",
             [&] { round.memory.store(block[at(m)].id, round.now.round + 1, memory_row_); });
  }
}

/// Before training that is the global model, or the algorithm's personal one.
void Trainer::add_metrics(Stream& stream, const Round& round, std::span<const Work> block, RoundSum::When when) {
  need_evaluator(stream);
  const ArenaScope scope(stream);
  const std::int64_t models = static_cast<std::int64_t>(block.size());
  const View<float> params = params_.view().rows(0, models);
  const bool personal = when == RoundSum::When::before && parts_.front().size.personal;
  if (personal) personalise(stream, round.now, block);
  for (std::int64_t m = 0; m < models; ++m) {
    const Work& work = block[at(m)];
    if (work.address != work.id || round.test_samples == 0) continue;
    const Metrics metrics = evaluate(stream, params.rows(m, m + 1), work.id);
    if (!round.sum.add_metrics(when, metrics, round.test_samples))
      round.sum.fail(work.id, failure(work, round, "metrics on its own test samples are not finite"));
  }
  if (!personal) return;
  turn_to(block, 0);
  start(stream, round.now.server, models);
}

}  // namespace fedscape
