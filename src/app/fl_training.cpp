#include "src/app/fl_training.hpp"

#include <fmt/format.h>

#include <cmath>

#include "fedscape/app/progress.hpp"
#include "fedscape/app/stop.hpp"
#include "fedscape/base/log.hpp"
#include "fedscape/base/peak_memory.hpp"
#include "fedscape/io/client_memory_file.hpp"
#include "src/app/checks.hpp"
#include "src/app/dry_run.hpp"
#include "src/app/inputs.hpp"

namespace fedscape {

/// What changes from round to round, and where it is kept.
struct FlTraining::State {
  RunFile file;
  Server server;
  std::unique_ptr<ClientMemory> memory;
  ClientStatisticsCollector statistics;
  Progress progress;
};

namespace {

std::unique_ptr<ClientMemory> open_memory(const FlOptions& options, const RunFile& file, std::int64_t clients,
                                          std::int64_t floats, const RunInfo& info, Communicator& comm) {
  if (floats == 0) return make_memory_in_ram();
  const ClientMemoryShape shape{clients, floats, info.seed ^ info.data_hash};
  return open_client_memory(options.output + ".clients", shape, file.round(), comm,
                            check_bytes("memory-budget", options.memory_budget));
}

std::string round_line(const RoundReport& report, const Metrics* test, const PersonalMetrics* personal,
                       std::int64_t rounds) {
  std::string line = fmt::format("round {}/{}: ", report.round, rounds);
  if (test)
    line += fmt::format("test accuracy {:.2f} %, test loss {:.4f}, ", metric(*test, "accuracy"), metric(*test, "loss"));
  if (personal)
    line +=
        fmt::format("personal accuracy {:.2f} %, macro-F1 {:.2f} %, ", personal->client_accuracy, personal->client_f1);
  for (const Figure& figure : report.figures)
    if (!std::isnan(figure.value))
      line += figure.unit == "percent" ? fmt::format("{} {:.2f} %, ", figure.name, figure.value)
                                       : fmt::format("{} {:.4g}, ", figure.name, figure.value);
  line += fmt::format("train loss {:.4f}, lr {:.4g}, {} clients, {} samples, {} steps, {:.2f} s", report.train_loss,
                      report.lr, report.clients, report.samples, report.steps, report.seconds);
  if (report.privacy)
    line += fmt::format(", {:.0f} % clipped (mean norm {:.4g}), epsilon {:.4g}", 100 * report.privacy->clipped,
                        report.privacy->client_norm, report.privacy->epsilon);
  return line;
}

}  // namespace

FlTraining::FlTraining(FlSession& session, const FlOptions& options, RunInfo info)
    : session_(session), options_(options), info_(std::move(info)) {
  const FlOptions& o = options_;
  info_.data_hash = session.data_hash();
  info_.device = session.machine.text();
  agree(session.comm, [&] {
    clients_ = deal(session.train, o.partition, info_.seed);
    network_.emplace(build_network(o.network, session.train.shape(), session.train.classes()));
    initial_ = initial_params(*network_, o.network, o.init, info_.seed);
    check_cohort(o.cohort, clients_.size());
    if (o.privacy.active()) privacy_.emplace(o.privacy, o.cohort, clients_.size(), o.rounds, info_.seed);
    federation_.emplace(Federation{*network_, o.chosen(), o.penalties, session.train, clients_, o.local, &session.test,
                                   info_.seed, o.rounds, privacy_ ? &*privacy_ : nullptr});
    engine_.emplace(session.workers, session.comm, *federation_);
  });
}

FlTraining::~FlTraining() = default;

void FlTraining::estimate() {
  log_size();
  print_estimate(session_.workers, session_.comm, *federation_, options_, *engine_, initial_, session_.test);
}

bool FlTraining::train() {
  log_size();
  open();
  const Timer total;
  bool stopped = false;
  Server& server = state_->server;
  while (server.round < options_.rounds && !stopped) {
    const RoundReport report = next_round();
    const bool last = server.round == options_.rounds;
    stopped = report.stop && !last;
    record(report, last);
    if (state_->file.due(options_.save_seconds) || last || stopped) save();
  }
  if (const ClientMemoryTraffic traffic = state_->memory->traffic(); traffic.loads > 0)
    log_info("client memory of rank 0: {} loads, {} of them from RAM, {} read, {} written", traffic.loads, traffic.hits,
             byte_count(static_cast<double>(traffic.read)), byte_count(static_cast<double>(traffic.written)));
  log_info("peak memory of a rank {} MB", session_.comm.max(peak_memory()) / 1'000'000);
  log_info("{} after round {} of {}, {}: {}", stopped ? "stopped" : "finished", server.round, options_.rounds,
           duration(total.seconds()), options_.output);
  return !stopped;
}

void FlTraining::save_profile(const ProfileTable& table) { state_->file.save_profile(table); }

void FlTraining::log_size() const {
  log_info("{} clients ({} dropped), {} parameters, {} thread(s) a rank, {}", clients_.size(), clients_.dropped,
           network_->layout().size(), session_.machine.threads, info_.device);
  const std::string warning = options_.chosen().warning(options_.local.optimizer);
  if (!warning.empty()) log_warning("{}: {}", options_.algorithm, warning);
}

/// Where we stand: a fresh server, or the one in the run file.
void FlTraining::open() {
  Communicator& comm = session_.comm;
  Stream& stream = session_.workers.stream();
  const FlOptions& o = options_;
  if (o.fresh) remove_output(comm, o.output);
  RunFile file = RunFile::open(o.output, info_, network_->layout(), comm);
  Server server = file.restore_or(stream, initial_server(stream, *federation_, initial_));
  initial_ = std::vector<float>();  // or every rank would hold it to the end
  auto memory = open_memory(o, file, clients_.size(), total_footprint(*federation_).client, info_, comm);
  const std::int64_t round = server.round;
  if (round > 0) log_info("resuming {} after round {}", o.output, round);
  const Signs signs = file.initial_signs();
  state_.reset(new State{std::move(file),
                         std::move(server),
                         std::move(memory),
                         {network_->layout(), signs},
                         {"round", o.rounds, round, comm.is_root()}});
}

RoundReport FlTraining::next_round() {
  Stream& stream = session_.workers.stream();
  Server& server = state_->server;
  const Cohort cohort = in_phase(stream, Phase::other, "planning", [&] {
    return sample_cohort(clients_.size(), options_.cohort, info_.seed, server.round);
  });
  if (!options_.client_statistics) return engine_->round(cohort, server, *state_->memory, stop_requested());
  state_->statistics.start_round(to_host(stream, server.global.view()));
  return engine_->round(cohort, server, *state_->memory, stop_requested(), state_->statistics.observer());
}

/// What the round was like: the test set now and then, a row of the run file, a line of the log.
void FlTraining::record(const RoundReport& report, bool last) {
  Workers& workers = session_.workers;
  Stream& stream = workers.stream();
  auto& [file, server, memory, statistics, progress] = *state_;
  std::optional<Metrics> metrics;
  std::optional<PersonalMetrics> personal;
  if (last || (options_.evaluate_every > 0 && server.round % options_.evaluate_every == 0)) {
    metrics = evaluate_sharded(workers, session_.comm, *network_, server.global, session_.test);
    if (total_footprint(*federation_).personal) personal = engine_->evaluate_personal(server, *memory);
  }
  const ProfileScope writing(stream, Phase::io, "output");
  file.append(server.round, row_of(report, metrics ? &*metrics : nullptr, personal ? &*personal : nullptr));
  if (options_.weight_statistics) file.append_weights(stream, server);
  if (options_.client_statistics) file.append_clients(server.round, statistics.gather(session_.comm));
  progress.log(round_line(report, metrics ? &*metrics : nullptr, personal ? &*personal : nullptr, options_.rounds));
  progress.update(server.round);
}

void FlTraining::save() {
  Stream& stream = session_.workers.stream();
  const ProfileScope saving(stream, Phase::io, "save");
  state_->memory->commit(state_->server.round);
  state_->file.save(stream, state_->server);
}

}  // namespace fedscape
