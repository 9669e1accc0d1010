#include "src/app/dry_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "fedscape/app/progress.hpp"
#include "fedscape/base/timer.hpp"
#include "src/app/checks.hpp"

namespace fedscape {

namespace {

constexpr std::int64_t kProbeSteps = 5;

/// Seconds of one local step while all threads of all ranks are busy, and of the server: the second of two short
/// rounds.
struct Probed {
  double step = 0, server = 0;
};
Probed probe_round(Workers& workers, Communicator& comm, const Federation& federation, std::span<const float> initial) {
  LocalOptions few = federation.local;
  few.local_steps = kProbeSteps;
  const Federation probe{federation.network,     federation.algorithm, federation.penalties,
                         federation.train,       federation.clients,   few,
                         federation.server_data, federation.seed,      2};
  Engine engine(workers, comm, probe);
  Server server = initial_server(workers.stream(), probe, initial);
  const auto memory = make_memory_in_ram();
  const std::int64_t busy = std::int64_t{comm.size()} * workers.size();
  const CohortOptions one_each{std::min(busy, federation.clients.size()), false};
  RoundReport report;
  for (std::int64_t round = 0; round < 2; ++round)
    report = engine.round(sample_cohort(federation.clients.size(), one_each, federation.seed, round), server, *memory);
  return {(report.seconds - report.server_seconds) / static_cast<double>(kProbeSteps), report.server_seconds};
}

/// Local steps of an average round.
double steps_per_round(const Federation& federation, const CohortOptions& cohort) {
  double steps = 0;
  for (const auto& samples : federation.clients.train)
    steps += static_cast<double>(federation.local.steps(static_cast<std::int64_t>(samples.size())));
  return steps / static_cast<double>(federation.clients.size()) * static_cast<double>(cohort.cohort);
}

}  // namespace

void print_estimate(Workers& workers, Communicator& comm, const Federation& federation, const FlOptions& options,
                    const Engine& engine, std::span<const float> initial, const Dataset& test) {
  const Probed probed = probe_round(workers, comm, federation, initial);
  Server server = initial_server(workers.stream(), federation, initial);
  Timer timer;
  evaluate_sharded(workers, comm, federation.network, server.global, test);
  const double evaluation = comm.max(timer.seconds());
  if (!comm.is_root()) return;

  const auto footprint = total_footprint(federation);
  const double steps = steps_per_round(federation, options.cohort);
  const double busy = static_cast<double>(comm.size()) * workers.size();
  const double round = probed.step * std::ceil(steps / busy) + probed.server;
  const double evaluations =
      options.evaluate_every > 0 ? std::ceil(double(options.rounds) / double(options.evaluate_every)) : 1;
  const double data = static_cast<double>(federation.train.sample_bytes() + test.sample_bytes());
  const double threads = 4.0 * static_cast<double>(engine.floats_per_thread()) * workers.size();
  const double served = 4.0 * static_cast<double>(server.global.size() + server.memory.size() + footprint.upload * 3);
  fmt::print("memory of a rank     {} ({} training on {} threads, {} server), and {} of data per node\n",
             byte_count(threads + served), byte_count(threads), workers.size(), byte_count(served), byte_count(data));
  if (footprint.client > 0)
    fmt::print("client memory        {} on disk at most (two versions), {} in RAM of each rank (memory-budget)\n",
               byte_count(8.0 * static_cast<double>(footprint.client * federation.clients.size())),
               byte_count(static_cast<double>(check_bytes("memory-budget", options.memory_budget))));
  fmt::print("bytes of a round     {} sent by each rank\n", byte_count(static_cast<double>(engine.bytes_per_round())));
  if (const Privacy* privacy = federation.privacy)
    fmt::print("privacy              epsilon {:.4g} at delta {:.3g} after {} rounds{}\n",
               privacy->epsilon(options.rounds), privacy->options().delta, options.rounds,
               privacy->options().local ? ", of the client drawn most often" : "");
  fmt::print("steps of a round     {:.0f}, {:.3g} ms each, {:.0f} at a time\n", steps, probed.step * 1e3, busy);
  fmt::print("estimated time       {} a round, {} an evaluation, {} in all ({} rounds)\n", duration(round),
             duration(evaluation), duration(round * double(options.rounds) + evaluation * evaluations), options.rounds);
}

}  // namespace fedscape
