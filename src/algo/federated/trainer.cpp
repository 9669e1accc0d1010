#include "src/algo/federated/trainer.hpp"

#include <algorithm>
#include <cmath>

#include "fedscape/device/profile.hpp"
#include "fedscape/ops/reduce.hpp"

namespace fedscape {

namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }
std::int64_t count(std::span<const Work> block) { return static_cast<std::int64_t>(block.size()); }

}  // namespace

Limits limits_of(const Federation& federation) {
  const BatchOptions batches = federation.local.sampling.batches();
  Limits limits;
  for (const auto& samples : federation.clients.train) {
    const auto n = static_cast<std::int64_t>(samples.size());
    limits.batch = std::max(limits.batch, n);
    limits.steps = std::max(limits.steps, federation.local.steps(n));
  }
  limits.batch =
      batches.last == BatchOptions::Last::wrap ? batches.batch : std::min<std::int64_t>(batches.batch, limits.batch);
  FEDSCAPE_CHECK(limits.steps * batches.batch < 1 << 24, "{} local steps with batches of {}; fewer than 2^24 samples",
                 limits.steps, batches.batch);
  return limits;
}

Trainer::Trainer(Stream& stream, const Federation& federation, std::span<const Part> parts)
    : federation_(federation),
      parts_(parts),
      models_(static_cast<int>(federation.local.models_per_stack)),
      batch_(static_cast<int>(limits_of(federation).batch)),
      size_(parts.front().size),
      tape_(stream, federation.network, models_, batch_),
      optimizer_(stream, federation.network.layout(), federation.local.optimizer, models_),
      params_(stream, {models_, federation.network.layout().size()}),
      grads_(stream, params_.shape()),
      point_(stream, {size_.probe ? models_ : 0, params_.shape()[1]}),
      inputs_(stream, federation.network.sample().under(batch_).under(models_)),
      losses_(stream, {limits_of(federation).steps, models_}),
      label_counts_(stream, {models_, federation.network.classes()}),
      terms_(stream, {models_, size_.terms}),
      labels_(stream, {models_, batch_}),
      schedule_(stream, {1}) {
  std::int64_t remembered = 0;
  for (const Part& part : parts) {
    memory_.emplace_back(stream, Shape{models_, part.size.client});
    upload_.emplace_back(stream, Shape{models_, part.size.upload});
    remembered += part.size.client;
  }
  others_.reserve(at(size_.others));
  for (int i = 0; i < size_.others; ++i) others_.emplace_back(stream, federation.network, models_, batch_);
  others_seen_.resize(others_.size());
  const std::size_t m = at(models_);
  feeds_.reserve(m);
  ids_.resize(m), samples_.resize(m), steps_.resize(m), weights_.resize(m), counts_.resize(m), keys_.resize(m);
  memory_row_.resize(at(remembered));
  host_.resize(at(std::max(losses_.size(), label_counts_.size())));
  host_terms_.resize(at(terms_.size()));
}

std::int64_t Trainer::floats() const {
  std::int64_t total = tape_.floats() + 2 * params_.size() + point_.size() + inputs_.size() + losses_.size() +
                       label_counts_.size() + terms_.size() + labels_.size();
  for (const auto& other : others_) total += other.floats();
  for (const auto& memory : memory_) total += memory.size();
  for (const auto& upload : upload_) total += upload.size();
  return total;
}

void Trainer::train(Stream& stream, const Round& round, std::span<const Work> block, std::int64_t row) {
  begin(stream, round.server, round.memory, block);
  if (federation_.local.evaluate_clients) add_metrics(stream, round, block, RoundSum::When::before);
  load_others(stream, round.server, count(block));
  start_feeds(round, block);
  optimizer_.reset();
  int active = static_cast<int>(block.size());
  for (std::int64_t step = 0; step < block.front().steps; ++step) {
    while (steps_[at(active - 1)] <= step) --active;
    const ArenaScope scope(stream);
    local_step(stream, round, block, step, active);
  }
  finish(stream, round, block, row);
}

/// Every client starts from the model it received, with what it remembers.
void Trainer::begin(Stream& stream, const Server& server, ClientMemory& memory, std::span<const Work> block) {
  FEDSCAPE_CHECK(!block.empty() && count(block) <= models_, "a block of {} clients; at most {}", block.size(), models_);
  const std::int64_t classes = label_counts_.shape()[1];
  std::fill_n(host_.begin(), label_counts_.size(), 0.0f);
  for (std::int64_t m = 0; m < count(block); ++m) {
    const Work& work = block[at(m)];
    const auto& samples = federation_.clients.train[at(work.id)];
    ids_[at(m)] = work.id;
    samples_[at(m)] = static_cast<std::int64_t>(samples.size());
    steps_[at(m)] = work.steps;
    weights_[at(m)] = work.weight;
    for (const std::int32_t i : samples) ++host_[at(m * classes + federation_.train.labels()[at(i)])];
    load_memory(stream, server, memory, work.id, m);
  }
  copy_to_device(stream, label_counts_.data(), host_.data(), at(label_counts_.size()) * sizeof(float));
  work_out_terms(stream, count(block));
  start(stream, server, count(block));
}

void Trainer::work_out_terms(Stream& stream, std::int64_t models) {
  if (size_.terms == 0) return;
  const std::size_t classes = at(label_counts_.shape()[1]), n = at(size_.terms);
  for (std::size_t m = 0; m < at(models); ++m)
    federation_.algorithm.terms(std::span(host_).subspan(m * classes, classes),
                                std::span(host_terms_).subspan(m * n, n));
  copy_to_device(stream, terms_.data(), host_terms_.data(), at(terms_.size()) * sizeof(float));
}

BlockStart Trainer::start_of(Stream& stream, const Server& server, const ClientBlock& clients) const {
  return {stream, federation_.network, clients, server.global, server_memory_of(server, parts_.front())};
}

void Trainer::start(Stream& stream, const Server& server, std::int64_t models) {
  const View<float> params = params_.view().rows(0, models);
  const ProfileScope scope(stream, Phase::load, "replicate",
                           {0, 2.0 * sizeof(float) * static_cast<double>(params.size())});
  ops::repeat_rows(stream, server.global, params);
  const ClientBlock clients = block_of(0, static_cast<int>(models));
  federation_.algorithm.start(start_of(stream, server, clients), params);
}

/// Packed once for the whole round; gradients are not needed yet, and their memory holds the models meanwhile.
void Trainer::load_others(Stream& stream, const Server& server, std::int64_t models) {
  const View<float> params = grads_.view().rows(0, models);
  const ClientBlock clients = block_of(0, static_cast<int>(models));
  for (std::size_t i = 0; i < others_.size(); ++i) {
    ops::repeat_rows(stream, server.global, params);
    federation_.algorithm.other(start_of(stream, server, clients), static_cast<int>(i), params);
    others_[i].load(stream, params);
  }
}

void Trainer::load_memory(Stream& stream, const Server& server, ClientMemory& memory, ClientId id, std::int64_t m) {
  if (memory_row_.empty()) return;
  const bool known = in_phase(stream, Phase::io, "memory", [&] { return memory.load(id, memory_row_); });
  if (!known) std::fill(memory_row_.begin(), memory_row_.end(), 0.0f);
  for (std::size_t i = 0; i < parts_.size(); ++i)
    copy_to_device(stream, memory_[i].data() + m * parts_[i].size.client, memory_row_.data() + parts_[i].client,
                   at(parts_[i].size.client) * sizeof(float));
  if (!known)
    federation_.algorithm.initial_client_memory(stream, federation_.network, server.global,
                                                memory_[0].view().rows(m, m + 1));
}

void Trainer::start_feeds(const Round& round, std::span<const Work> block) {
  for (std::size_t m = 0; m < block.size(); ++m) {
    const RngKey key{federation_.seed, Purpose::shuffle, static_cast<std::uint32_t>(block[m].address),
                     static_cast<std::uint32_t>(round.index), 0};
    const auto& samples = federation_.clients.train[at(block[m].id)];
    if (m < feeds_.size())
      feeds_[m].restart(samples, key);
    else
      feeds_.emplace_back(federation_.train, federation_.local.sampling.batches(), samples, key);
  }
}

ClientBlock Trainer::block_of(std::size_t part, int active) const {
  const std::size_t m = at(active);
  return {std::span(ids_).first(m),
          std::span(samples_).first(m),
          std::span(steps_).first(m),
          label_counts_.view().rows(0, active),
          memory_[part].view().rows(0, active),
          terms_.view().rows(0, active)};
}

View<const float> Trainer::server_memory_of(const Server& server, const Part& part) const {
  return share_of<const float>(server.memory, part.server, part.size.server);
}

/// Made on first use, and to last: within a scope its memory would be the arena's.
void Trainer::need_evaluator(Stream& stream) {
  if (evaluator_) return;
  FEDSCAPE_CHECK(!stream.arena().in_scope(), "an evaluator that lasts is to be made within an arena's scope");
  evaluator_.emplace(stream, federation_.network, 1);
}

Metrics Trainer::evaluate(Stream& stream, View<const float> params, ClientId id) {
  const auto& samples = federation_.clients.test[at(id)];
  if (samples.empty()) return {};
  evaluator_->load(stream, params);
  return evaluator_->all(stream, federation_.train, samples).front();
}

Metrics Trainer::evaluate_personal(Stream& stream, const Server& server, ClientMemory& memory, ClientId id) {
  need_evaluator(stream);
  const ArenaScope scope(stream);
  const Work work{id, id, 0, 0};
  begin(stream, server, memory, {&work, 1});
  const ClientBlock clients = block_of(0, 1);
  federation_.algorithm.personal(start_of(stream, server, clients), params_.view().rows(0, 1));
  return evaluate(stream, params_.view().rows(0, 1), id);
}

}  // namespace fedscape
