#include <fmt/format.h>

#include <filesystem>
#include <optional>

#include "fedscape/app/progress.hpp"
#include "fedscape/app/stop.hpp"
#include "fedscape/base/log.hpp"
#include "fedscape/base/peak_memory.hpp"
#include "fedscape/io/client_memory_file.hpp"
#include "fedscape/io/model_file.hpp"
#include "src/app/checks.hpp"
#include "src/app/commands.hpp"
#include "src/app/dry_run.hpp"
#include "src/app/fl_options.hpp"
#include "src/app/inputs.hpp"
#include "src/app/profiling.hpp"

namespace fedscape {

namespace {

class FlRun : public Command {
 public:
  void options(OptionTable& table) override { options_.list(table); }
  void check(OptionTable& table) override { options_.check(table); }
  int run(Communicator& comm, const OptionTable& table) override;

 private:
  FlOptions options_;
};

std::unique_ptr<ClientMemory> open_memory(const FlOptions& options, const RunFile& file, std::int64_t clients,
                                          std::int64_t floats, const RunInfo& info, Communicator& comm) {
  if (floats == 0) return make_memory_in_ram();
  const ClientMemoryShape shape{clients, floats, info.seed ^ info.data_hash};
  return open_client_memory(options.output + ".clients", shape, file.round(), comm,
                            check_bytes("memory-budget", options.memory_budget));
}

std::string round_line(const RoundReport& report, const Metrics* test, std::int64_t rounds) {
  std::string line = fmt::format("round {}/{}: ", report.round, rounds);
  if (test)
    line += fmt::format("test accuracy {:.2f} %, test loss {:.4f}, ", metric(*test, "accuracy"), metric(*test, "loss"));
  line += fmt::format("train loss {:.4f}, lr {:.4g}, {} clients, {} samples, {} steps, {:.2f} s", report.train_loss,
                      report.lr, report.clients, report.samples, report.steps, report.seconds);
  if (report.privacy)
    line += fmt::format(", {:.0f} % clipped (mean norm {:.4g}), epsilon {:.4g}", 100 * report.privacy->clipped,
                        report.privacy->client_norm, report.privacy->epsilon);
  return line;
}

int FlRun::run(Communicator& world, const OptionTable& table) {
  const FlOptions& o = options_;
  RunInfo info = o.info(table);
  log_info("fl run on {} rank(s):\n{}", world.size(), table.text());

  // 1. This rank's part of the machine; the data, and who owns which samples.
  Machine machine;
  agree(world, [&] { machine = pick_machine(o.machine, world); });
  Workers workers(machine.device, machine.threads);
  Stream& stream = workers.stream();
  Profiling profiling(o.machine.profile, workers, world);
  Communicator& comm = profiling.comm();
  const auto load = [&](Split split) {
    return in_phase(stream, Phase::io, "data", [&] { return load_shared(comm, o.data, split); });
  };
  const Dataset train = load(Split::train), test = load(Split::test);
  Clients clients;
  agree(comm, [&] { clients = deal(train, o.partition, info.seed); });
  info.data_hash = train.hash() ^ (test.hash() << 1);
  info.device = describe_device(machine.device);

  // 2. What is trained, from where, and how.
  std::optional<Network> network;
  std::vector<float> initial;
  agree(comm, [&] {
    network.emplace(build_network(o.network, train.shape(), train.classes()));
    initial = initial_params(*network, o.network, o.init, info.seed);
    check_cohort(o.cohort, clients.size());
  });
  std::optional<Privacy> privacy;
  if (o.privacy.active()) privacy.emplace(o.privacy, o.cohort, clients.size(), o.rounds, info.seed);
  const Federation federation{*network, o.chosen(), o.penalties, train,    clients,
                              o.local,  &test,      info.seed,   o.rounds, privacy ? &*privacy : nullptr};
  log_info("{} clients ({} dropped), {} parameters, {} thread(s) a rank, {}", clients.size(), clients.dropped,
           network->layout().size(), machine.threads, info.device);
  std::optional<Engine> engine;
  agree(comm, [&] { engine.emplace(workers, comm, federation); });
  if (o.dry_run) return print_estimate(workers, comm, federation, o, *engine, initial, test), 0;

  // 3. Where we stand: a fresh server, or the one in the run file.
  if (o.fresh) remove_output(comm, o.output);
  RunFile file = RunFile::open(o.output, info, network->layout(), comm);
  Server server = file.restore_or(stream, initial_server(stream, federation, initial));
  initial = std::vector<float>();  // or every rank would hold it to the end
  const auto memory = open_memory(o, file, clients.size(), total_footprint(federation).client, info, comm);
  ClientStatisticsCollector statistics(network->layout(), file.initial_signs());
  if (server.round > 0) log_info("resuming {} after round {}", o.output, server.round);

  // 4. Rounds.
  Progress progress("round", o.rounds, server.round, comm.is_root());
  Timer total;
  bool stopped = false;
  while (server.round < o.rounds && !stopped) {
    const Cohort cohort = in_phase(stream, Phase::other, "planning",
                                   [&] { return sample_cohort(clients.size(), o.cohort, info.seed, server.round); });
    if (o.client_statistics) statistics.start_round(to_host(stream, server.global.view()));
    const RoundReport report = engine->round(cohort, server, *memory, stop_requested(),
                                             o.client_statistics ? statistics.observer() : ClientObserver{});
    const bool last = server.round == o.rounds;
    stopped = report.stop && !last;

    // 5. What the round was like: the test set now and then, a row of the run file, a line of the log.
    std::optional<Metrics> metrics, personal;
    if (last || (o.evaluate_every > 0 && server.round % o.evaluate_every == 0)) {
      metrics = evaluate_sharded(workers, comm, *network, server.global, test);
      if (total_footprint(federation).personal) personal = engine->evaluate_personal(server, *memory);
    }
    const ProfileScope writing(stream, Phase::io, "output");
    file.append(server.round, row_of(report, metrics ? &*metrics : nullptr, personal ? &*personal : nullptr));
    if (o.weight_statistics) file.append_weights(stream, server);
    if (o.client_statistics) file.append_clients(server.round, statistics.gather(comm));
    progress.log(round_line(report, metrics ? &*metrics : nullptr, o.rounds));
    progress.update(server.round);

    // 6. Safe on disk every now and then, and when asked to stop.
    if (file.due(o.save_seconds) || last || stopped) {
      const ProfileScope saving(stream, Phase::io, "save");
      memory->commit(server.round);
      file.save(stream, server);
    }
  }
  if (const std::optional<ProfileTable> profile = profiling.finish()) {
    file.save_profile(*profile);
    log_info("{}", profile_text(*profile));
  }
  if (const ClientMemoryTraffic traffic = memory->traffic(); traffic.loads > 0)
    log_info("client memory of rank 0: {} loads, {} of them from RAM, {} read, {} written", traffic.loads, traffic.hits,
             byte_count(static_cast<double>(traffic.read)), byte_count(static_cast<double>(traffic.written)));
  const std::int64_t peak = comm.max(peak_memory());
  log_info("peak memory of a rank {} MB", peak / 1'000'000);
  log_info("{} after round {} of {}, {}: {}", stopped ? "stopped" : "finished", server.round, o.rounds,
           duration(total.seconds()), o.output);
  return stopped ? kExitStopped : 0;
}

}  // namespace

std::unique_ptr<Command> make_fl_run() { return std::make_unique<FlRun>(); }

}  // namespace fedscape
