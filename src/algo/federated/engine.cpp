#include "fedscape/algo/federated/engine.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <limits>

#include "fedscape/algo/exact_sum.hpp"
#include "fedscape/algo/federated/privacy.hpp"
#include "fedscape/base/at.hpp"
#include "fedscape/base/log.hpp"
#include "fedscape/base/timer.hpp"
#include "fedscape/device/memory.hpp"
#include "fedscape/device/profile.hpp"
#include "fedscape/ops/exact_sum.hpp"
#include "fedscape/ops/reduce.hpp"
#include "src/algo/federated/round_plan.hpp"
#include "src/algo/federated/trainer.hpp"
#include "src/algo/side_by_side.hpp"

namespace fedscape {

namespace {

/// What ranks tell each other of a client's personal model.
struct PersonalRow {
  std::int64_t id;
  Trainer::Personal own;
};

}  // namespace

struct Engine::Impl {
  Impl(Workers& workers_in, Communicator& comm_in, const Federation& federation_in);

  void train(const RoundPlan& plan, const Round& round);
  /// A block of clients, in smaller ones where the device has no room for all of them side by side.
  void train_block(Stream& stream, int worker, const Round& round, std::span<const Work> block, std::size_t row);
  int clients_that_fit(std::size_t clients);
  CohortWork cohort_of(const RoundPlan& plan) const {
    return {plan.weights, plan.steps, plan.participation * static_cast<double>(federation.rounds)};
  }
  void move_server(const RoundPlan& plan, Server& server, RoundReport& report);
  /// Of as many models as there is room for, but no more than asked for.
  Trainer& trainer(Stream& stream, int worker);
  /// The device had no room: this worker goes on with half as many models.
  void halve(int worker, const OutOfMemory& error);
  bool noises_sum() const { return federation.privacy != nullptr && federation.privacy->noises_sum(); }

  Workers& workers;
  Communicator& comm;
  const Federation federation;
  const std::vector<Part> parts;
  const FederatedAlgorithm::Footprint footprint;
  const std::vector<Stage> stages;  // of a round
  RoundSum sum;
  std::vector<std::unique_ptr<Trainer>> trainers;  // of each worker, made on its thread
  std::vector<int> stacks;                         // models of each trainer
  bool sized;                                      // whether they are as many as they will be
  std::atomic<bool> said_halved = false;
  std::vector<Tensor<float>> kept;  // of each part
  Tensor<float> mean;               // [1,Q]
};

Engine::Impl::Impl(Workers& workers_in, Communicator& comm_in, const Federation& federation_in)
    : workers(workers_in),
      comm(comm_in),
      federation(federation_in),
      parts(parts_of(federation)),
      footprint(total_footprint(federation)),
      stages(federation.algorithm.stages()),
      sum(workers.stream(), footprint.upload),
      trainers(at(workers.size())),
      stacks(at(workers.size()), static_cast<int>(std::max<std::int64_t>(federation.local.models_per_stack, 1))),
      sized(federation.local.models_per_stack > 0 || workers.stream().device().kind == DeviceKind::cpu),
      mean(workers.stream(), {1, footprint.upload}) {
  const LocalOptions& local = federation.local;
  local.check();
  federation.algorithm.check(local.optimizer);
  FEDSCAPE_CHECK(federation.network.sample() == federation.train.shape() &&
                     federation.network.classes() == federation.train.classes(),
                 "a network for samples {} of {} classes, but {} holds samples {} of {} classes",
                 federation.network.sample().text(), federation.network.classes(), federation.train.source(),
                 federation.train.shape().text(), federation.train.classes());
  FEDSCAPE_CHECK(federation.clients.size() > 0, "a federation without clients");
  for (std::size_t k = 0; k < federation.clients.train.size(); ++k)
    FEDSCAPE_CHECK(!federation.clients.train[k].empty(), "client {} has no training samples", k);
  FEDSCAPE_CHECK(!footprint.server_data || federation.server_data != nullptr, "this algorithm needs server data");
  FEDSCAPE_CHECK(!local.train_repeats || footprint.client == 0,
                 "train_repeats does not go with an algorithm whose clients remember something");
  FEDSCAPE_CHECK(!noises_sum() || !footprint.uploads,
                 "privacy.noise: the server of this algorithm looks at what single clients send, which noise on their "
                 "sum does not hide; privacy.local may");
  kept.resize(parts.size());
  trainer(workers.stream(), 0);
}

Trainer& Engine::Impl::trainer(Stream& stream, int worker) {
  std::unique_ptr<Trainer>& own = trainers[at(worker)];
  while (!own) {
    try {
      own = std::make_unique<Trainer>(stream, federation, parts, stacks[at(worker)]);
    } catch (const OutOfMemory& error) {
      halve(worker, error);
    }
  }
  return *own;
}

void Engine::Impl::halve(int worker, const OutOfMemory& error) {
  int& stack = stacks[at(worker)];
  stack = halved(stack, "clients", error, said_halved);
  trainers[at(worker)].reset();
}

void Engine::Impl::train(const RoundPlan& plan, const Round& round) {
  for (std::size_t i = 0; i < parts.size(); ++i)
    if (parts[i].size.uploads)
      kept[i] = Tensor<float>(workers.stream(), {static_cast<std::int64_t>(plan.mine.size()), parts[i].size.upload});
  const std::size_t clients = plan.mine.size();
  if (!sized && clients > 0) {
    std::fill(stacks.begin(), stacks.end(), clients_that_fit(clients));
    trainers.front().reset();
    sized = true;
  }
  const auto stack = at(*std::max_element(stacks.begin(), stacks.end()));
  const auto blocks = static_cast<std::int64_t>((clients + stack - 1) / stack);
  workers.run(blocks, [&](Stream& stream, int worker, std::int64_t task) {
    const std::size_t begin = at(task) * stack;
    const std::span<const Work> block = std::span(plan.mine).subspan(begin, std::min(stack, clients - begin));
    train_block(stream, worker, round, block, begin);
  });
}

void Engine::Impl::train_block(Stream& stream, int worker, const Round& round, std::span<const Work> block,
                               std::size_t row) {
  for (std::size_t done = 0; done < block.size();) {
    Trainer& own = trainer(stream, worker);
    const std::size_t now = std::min(at(stacks[at(worker)]), block.size() - done);
    try {
      own.train(stream, round, block.subspan(done, now), static_cast<std::int64_t>(row + done));
      done += now;
    } catch (const OutOfMemory& error) {
      if (!own.untouched()) throw;
      halve(worker, error);
    }
  }
}

/// By the memory of one, beside the samples.
int Engine::Impl::clients_that_fit(std::size_t clients) {
  federation.train.settle(workers.stream());
  const std::size_t threads = at(workers.size()),
                    most = std::min<std::size_t>((clients + threads - 1) / threads, 65535);
  Stream& stream = workers.stream();
  const std::int64_t fitting = models_that_fit(stream.device(), trainer(stream, 0).floats(), workers.size());
  return static_cast<int>(std::clamp<std::int64_t>(fitting, 1, static_cast<std::int64_t>(most)));
}

void Engine::Impl::move_server(const RoundPlan& plan, Server& server, RoundReport& report) {
  const Timer timer;
  Stream& stream = workers.stream();
  const ArenaScope scope(stream);
  const ProfileScope moving(stream, Phase::aggregation, "server");
  ops::exact_value(stream, sum.uploads(), mean.view().as({footprint.upload}));
  if (noises_sum()) federation.privacy->add_noise(workers, server.round, plan.weight, mean);
  std::vector<double> weights;
  for (const Work& work : plan.mine) weights.push_back(work.weight);
  ExactSum exact(stream, comm);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const Part& part = parts[i];
    const ServerStep step{
        .workers = workers,
        .stream = stream,
        .network = federation.network,
        .round = server.round,
        .key = {.seed = federation.seed, .purpose = Purpose::server, .round = static_cast<std::uint32_t>(server.round)},
        .mean = share_of<const float>(mean, part.upload, part.size.upload),
        .local_uploads = kept[i],
        .local_ids = plan.ids,
        .local_weights = weights,
        .server_data = federation.server_data,
        .cohort = cohort_of(plan),
        .train_loss = report.train_loss,
        .sum = exact,
        .memory = share_of<float>(server.memory, part.server, part.size.server),
        .global = server.global,
        .participation = plan.participation,
        .figures = i == 0 ? std::span(report.figures) : std::span<Figure>()};
    if (i == 0)
      federation.algorithm.server_update(step);
    else
      part.penalty->server_update(step);
  }
  if (federation.privacy != nullptr) federation.privacy->mend(stream, federation.network.layout(), server.global);
  ++server.round;
  report.server_seconds = timer.seconds();
}

Engine::Engine(Workers& workers, Communicator& comm, const Federation& federation)
    : impl_(std::make_unique<Impl>(workers, comm, federation)) {}
Engine::~Engine() = default;

RoundReport Engine::round(const Cohort& cohort, Server& server, ClientMemory& memory, bool stop,
                          const ClientObserver& observe) {
  Impl& e = *impl_;
  const Timer timer;
  // 1. What every rank knows: who trains how long, with which weight, where.
  const RoundPlan plan = in_phase(e.workers.stream(), Phase::other, "planning", [&] {
    return plan_round(e.federation, e.stages, cohort, server.round, e.footprint.client > 0, e.comm);
  });
  if (e.footprint.client > 0) memory.expect(plan.ids);

  // 2. Each thread trains its blocks and adds what they send.
  e.sum.clear(e.workers.stream());
  if (stop) e.sum.ask_to_stop();
  e.train(plan, {.now = {server.round, static_cast<float>(plan.report.lr), server},
                 .steps = std::max<std::int64_t>(plan.report.steps, 1),
                 .test_samples = plan.test_samples,
                 .cohort = e.cohort_of(plan),
                 .memory = memory,
                 .observe = observe,
                 .sum = e.sum,
                 .kept = e.kept});

  // 3. One collective, then every rank moves its copy of the server.
  const Timer waiting;
  e.sum.reduce(e.workers.stream(), e.comm);
  RoundReport report = plan.report;
  report.wait_seconds = waiting.seconds();
  report.train_loss = report.clients > 0 ? e.sum.loss() : std::numeric_limits<double>::quiet_NaN();
  report.figures = e.federation.algorithm.figures();
  e.move_server(plan, server, report);

  report.before = e.sum.metrics(RoundSum::When::before, plan.test_samples);
  report.after = e.sum.metrics(RoundSum::When::after, plan.test_samples);
  report.upload_norm = std::sqrt(ops::dot(e.workers.stream(), e.mean, e.mean));
  if (const Privacy* privacy = e.federation.privacy) {
    const auto trained = static_cast<double>(plan.all.size());
    report.privacy = {.clipped = trained > 0 ? static_cast<double>(e.sum.clipped()) / trained : 0,
                      .client_norm = e.sum.norm(),
                      .epsilon = privacy->epsilon(report.round)};
  }
  report.stop = e.sum.stop();
  report.seconds = timer.seconds();
  return report;
}

namespace {

/// Over clients in the order of their ids.
PersonalMetrics total_of(std::span<const PersonalRow> rows) {
  PersonalMetrics total;
  double clients = 0;
  for (const PersonalRow& row : rows) {
    if (row.own.metrics.count == 0) continue;
    total.samples += row.own.metrics;
    total.client_accuracy += metric(row.own.metrics, "accuracy");
    total.client_f1 += row.own.macro_f1;
    ++clients;
  }
  total.client_accuracy /= clients, total.client_f1 /= clients;
  return total;
}

}  // namespace

PersonalMetrics Engine::evaluate_personal(const Server& server, ClientMemory& memory) {
  Impl& e = *impl_;
  std::vector<ClientId> ids;
  std::vector<std::int64_t> samples;
  for (const auto& test : e.federation.clients.test) {
    ids.push_back(static_cast<ClientId>(ids.size()));
    samples.push_back(static_cast<std::int64_t>(test.size()));
  }
  const std::vector<ClientId> mine = share(ids, samples, e.footprint.client > 0, e.comm.rank(), e.comm.size());
  if (e.footprint.client > 0) memory.expect(mine);
  std::vector<PersonalRow> rows(mine.size());
  e.workers.run(static_cast<std::int64_t>(mine.size()), [&](Stream& stream, int worker, std::int64_t task) {
    const ClientId id = mine[at(task)];
    rows[at(task)] = {id, e.trainer(stream, worker).evaluate_personal(stream, server, memory, id)};
  });
  std::vector<std::byte> bytes;
  e.comm.all_gather(std::as_bytes(std::span(rows)), bytes);
  rows.resize(bytes.size() / sizeof(PersonalRow));
  if (!bytes.empty()) std::memcpy(static_cast<void*>(rows.data()), bytes.data(), bytes.size());
  std::sort(rows.begin(), rows.end(), [](const PersonalRow& a, const PersonalRow& b) { return a.id < b.id; });
  return total_of(rows);
}

std::int64_t Engine::bytes_per_round() const { return impl_->sum.bytes(); }
std::int64_t Engine::floats_per_thread() const { return impl_->trainers.front()->floats(); }

}  // namespace fedscape
