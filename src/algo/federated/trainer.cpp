#include "src/algo/federated/trainer.hpp"

#include <algorithm>
#include <cmath>

#include "fedscape/base/at.hpp"
#include "fedscape/device/profile.hpp"
#include "fedscape/ops/precision.hpp"
#include "fedscape/ops/reduce.hpp"

namespace fedscape {

namespace {

std::int64_t count(std::span<const Work> block) { return static_cast<std::int64_t>(block.size()); }

bool probes(std::span<const Stage> stages) {
  return std::any_of(stages.begin(), stages.end(),
                     [](const Stage& stage) { return stage.probe != Stage::Probe::none; });
}

}  // namespace

Limits limits_of(const Federation& federation, std::span<const Stage> stages) {
  const BatchOptions batches = federation.local.sampling.batches();
  Limits limits;
  std::int64_t seen = 0;
  for (const auto& samples : federation.clients.train) {
    const auto n = static_cast<std::int64_t>(samples.size());
    const std::int64_t local_steps = federation.local.steps(n);
    limits.batch = std::max(limits.batch, n);
    for (const Stage& stage : stages) limits.steps = std::max(limits.steps, stage.count(local_steps));
    seen = std::max(seen, batches_of(stages, local_steps));
  }
  limits.batch =
      batches.last == BatchOptions::Last::wrap ? batches.batch : std::min<std::int64_t>(batches.batch, limits.batch);
  FEDSCAPE_CHECK(seen * batches.batch < 1 << 24, "{} local steps with batches of {}; fewer than 2^24 samples", seen,
                 batches.batch);
  return limits;
}

Trainer::Trainer(Stream& stream, const Federation& federation, std::span<const Part> parts, int models)
    : federation_(federation),
      parts_(parts),
      models_(models),
      size_(parts.front().size),
      stages_(all_stages(federation.algorithm)),
      limits_(limits_of(federation, stages_)),
      batch_(static_cast<int>(limits_.batch)),
      augment_(federation.local.sampling.batches().augment),
      tape_(stream, federation.network, models_, batch_),
      optimizer_(stream, federation.network.layout(), federation.local.optimizer, models_),
      params_(stream, {models_, federation.network.layout().size()}),
      grads_(stream, params_.shape()),
      point_(stream, {probes(stages_) ? models_ : 0, params_.shape()[1]}),
      inputs_(stream, federation.network.sample().under(batch_).under(models_)),
      loss_(stream, {models_}),
      losses_(stream, {limits_.steps, models_}),
      label_counts_(stream, {models_, federation.network.classes()}),
      terms_(stream, {models_, size_.terms}),
      scratch_(stream, {models_, size_.scratch}),
      labels_(stream, {models_, batch_}),
      counts_(stream, models_),
      keys_(stream, models_),
      indices_(stream, std::int64_t{models_} * batch_),
      sample_keys_(stream, augment_.pad > 0 || augment_.flip ? indices_.size() : 0) {
  std::int64_t remembered = 0;
  for (const Part& part : parts) {
    memory_.emplace_back(stream, Shape{models_, part.size.client});
    upload_.emplace_back(stream, Shape{models_, part.size.upload});
    remembered += part.size.client;
  }
  use_tf32(stream, federation.local.precision == "tf32");
  round_stages_ = stages_.size() - federation.algorithm.tuning().size();
  int others = 0;
  for (const Stage& stage : stages_) {
    others = std::max(others, stage.others);
    trains_.push_back(stage.trains ? federation.network.layout().trained(stage.trains) : std::vector<ParamRun>());
    FEDSCAPE_CHECK(!stage.trains || !trains_.back().empty(), "a stage that trains none of this network's parameters");
  }
  others_.reserve(at(others));
  for (int i = 0; i < others; ++i) others_.emplace_back(stream, federation.network, models_, batch_);
  others_seen_.resize(others_.size());
  if (size_.own_samples) own_samples_.emplace(stream, federation.network, federation.train, federation.clients);
  const std::size_t m = at(models_);
  feeds_.reserve(m);
  ids_.resize(m), samples_.resize(m), steps_.resize(m), steps_before_.resize(m), batches_before_.resize(m),
      weights_.resize(m);
  memory_row_.resize(at(remembered));
  host_.resize(at(std::max(losses_.size(), label_counts_.size())));
  host_terms_.resize(at(terms_.size()));
  workspace_ = federation.algorithm.workspace(federation.network);
}

std::int64_t Trainer::floats() const {
  std::int64_t total = tape_.floats() + 2 * params_.size() + point_.size() + inputs_.size() + losses_.size() +
                       label_counts_.size() + terms_.size() + scratch_.size() + labels_.size();
  for (const auto& other : others_) total += other.floats();
  for (const auto& memory : memory_) total += memory.size();
  for (const auto& upload : upload_) total += upload.size();
  return total;
}

void Trainer::train(Stream& stream, const Round& round, std::span<const Work> block, std::int64_t row) {
  untouched_ = true;
  begin(stream, round.now, round.memory, block);
  untouched_ = !federation_.local.evaluate_clients;
  if (federation_.local.evaluate_clients) add_metrics(stream, round, block, RoundSum::When::before);
  for (std::size_t s = 0; s < round_stages_; ++s) {
    run_stage(stream, round.now, block, s);
    untouched_ = false;
    add_losses(stream, round, block);
    if (!stages_[s].personal && (s + 1 == round_stages_ || stages_[s + 1].personal)) send(stream, round, block, row);
  }
  finish(stream, round, block);
}

/// Which steps each client of the block takes in a stage, and which batches came before.
void Trainer::turn_to(std::span<const Work> block, std::size_t stage) {
  stage_ = stage;
  const std::span<const Stage> before = std::span(stages_).first(stage);
  for (std::size_t m = 0; m < block.size(); ++m) {
    steps_[m] = stages_[stage].count(block[m].steps);
    batches_before_[m] = batches_of(before, block[m].steps);
    steps_before_[m] = steps_of(before, block[m].steps);
  }
}

void Trainer::run_stage(Stream& stream, const Now& now, std::span<const Work> block, std::size_t stage) {
  turn_to(block, stage);
  if (stage > 0) {
    const ClientBlock clients = block_of(0, static_cast<int>(block.size()));
    federation_.algorithm.start(start_of(stream, now.server, clients), params_.view().rows(0, count(block)));
  }
  load_others(stream, now.server, count(block));
  optimizer_.reset();
  const Now here{now.round, static_cast<float>(now.lr * stages_[stage].lr), now.server};
  int active = static_cast<int>(block.size());
  for (std::int64_t step = 0; step < steps_.front(); ++step) {
    while (steps_[at(active - 1)] <= step) --active;
    const ArenaScope scope(stream);
    local_step(stream, here, block, step, active);
  }
}

/// Every client starts from the model it received, with what it remembers.
void Trainer::begin(Stream& stream, const Now& now, ClientMemory& memory, std::span<const Work> block) {
  FEDSCAPE_CHECK(!block.empty() && count(block) <= models_, "a block of {} clients; at most {}", block.size(), models_);
  const std::int64_t classes = label_counts_.shape()[1];
  std::fill_n(host_.begin(), label_counts_.size(), 0.0f);
  for (std::int64_t m = 0; m < count(block); ++m) {
    const Work& work = block[at(m)];
    const auto& samples = federation_.clients.train[at(work.id)];
    ids_[at(m)] = work.id;
    samples_[at(m)] = static_cast<std::int64_t>(samples.size());
    weights_[at(m)] = work.weight;
    for (const std::int32_t i : samples) ++host_[at(m * classes + federation_.train.labels()[at(i)])];
    load_memory(stream, now.server, memory, work.id, m);
  }
  copy_to_device(stream, label_counts_.data(), host_.data(), at(label_counts_.size()) * sizeof(float));
  work_out_terms(stream, count(block));
  start_feeds(now, block);
  turn_to(block, 0);
  start(stream, now.server, count(block));
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
  return {stream, federation_.network, clients, server.global, server_memory_of(server, parts_.front()), stage_};
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
  for (std::size_t i = 0; i < at(stages_[stage_].others); ++i) {
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

void Trainer::start_feeds(const Now& now, std::span<const Work> block) {
  for (std::size_t m = 0; m < block.size(); ++m) {
    const RngKey key{federation_.seed, Purpose::shuffle, static_cast<std::uint32_t>(block[m].address),
                     static_cast<std::uint32_t>(now.round), 0};
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
          terms_.view().rows(0, active),
          scratch_.view().rows(0, active)};
}

View<const float> Trainer::server_memory_of(const Server& server, const Part& part) const {
  return share_of<const float>(server.memory, part.server, part.size.server);
}

void Trainer::personalise(Stream& stream, const Now& now, std::span<const Work> block) {
  for (std::size_t s = round_stages_; s < stages_.size(); ++s) run_stage(stream, {now.round, 1, now.server}, block, s);
  const ClientBlock clients = block_of(0, static_cast<int>(block.size()));
  federation_.algorithm.personal(start_of(stream, now.server, clients), params_.view().rows(0, count(block)));
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

Trainer::Personal Trainer::evaluate_personal(Stream& stream, const Server& server, ClientMemory& memory, ClientId id) {
  const auto& samples = federation_.clients.test[at(id)];
  if (samples.empty()) return {};
  need_evaluator(stream);
  const ArenaScope scope(stream);
  const Work work{id, id, federation_.local.steps(std::ssize(federation_.clients.train[at(id)])), 0};
  const Now now{server.round, 1, server};
  begin(stream, now, memory, {&work, 1});
  personalise(stream, now, {&work, 1});
  evaluator_->load(stream, params_.view().rows(0, 1));
  ClassCounts classes(federation_.network.classes());
  const Metrics metrics = evaluator_->all(stream, federation_.train, samples, classes);
  return {metrics, macro_f1(classes)};
}

}  // namespace fedscape
