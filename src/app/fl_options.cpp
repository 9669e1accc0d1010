#include "src/app/fl_options.hpp"

#include "fedscape/algo/federated/catalog.hpp"
#include "src/app/checks.hpp"

namespace fedscape {

FlOptions::FlOptions() {
  for (const AlgorithmEntry& entry : fedscape::algorithms()) algorithms.push_back(entry.make());
  for (const PenaltyEntry& entry : fedscape::penalties()) penalties.push_back(entry.make());
}

void FlOptions::list(OptionTable& table) {
  table.group("Run");
  table.field("rounds", rounds, "rounds to train in all");
  table.field("algorithm", algorithm, "see `fedscape list algorithms`");
  table.field("seed", seed, "of everything random: partition, initial model, cohorts, batches");
  table.field("output", output, "run file (HDF5); beside it .csv and .jsonl with a line per round");
  table.field("init", init, "initial model (safetensors or run file); empty: drawn as network.init says");
  table.field("evaluate-every", evaluate_every, "rounds between evaluations on the test set; 0: only after the last");
  table.field("save-seconds", save_seconds, "seconds between saves of the run file; 0: after every round");
  table.field("fresh", fresh, "start over where the output exists, instead of resuming it");
  table.field("weight-statistics", weight_statistics, "store mean, deviation, norm, signs of each layer every round");
  table.field("client-statistics", client_statistics, "the same for every client of the cohort");
  table.field("dry-run", dry_run, "print memory per rank, bytes per round and estimated time, then stop");
  table.add("Data", data);
  table.add("Clients", partition);
  cohort.options(table);
  table.add("Machine", machine);
  table.field("memory-budget", memory_budget,
              "RAM of a rank for client memories, e.g. 500M or 2G; 0: OUTPUT.clients alone");
  list_choices(table);
}

void FlOptions::list_choices(OptionTable& table) {
  table.add("Network", network, "network");
  table.add("Local training", local);
  table.add("Differential privacy of clients", privacy, "privacy");
  const auto entries = fedscape::algorithms();
  for (std::size_t i = 0; i < algorithms.size(); ++i) {
    const std::string name(entries[i].name);
    table.add("Algorithm " + name, *algorithms[i], name);
    table.list_elsewhere(name, "fedscape list algorithms");
  }
  const auto terms = fedscape::penalties();
  for (std::size_t i = 0; i < penalties.size(); ++i) {
    const std::string name(terms[i].name);
    table.add("Penalty " + name + " (composes with every algorithm)", *penalties[i], name);
    table.list_elsewhere(name, "fedscape list penalties");
  }
}

void FlOptions::check(OptionTable& table) const {
  chosen();
  for (const AlgorithmEntry& entry : fedscape::algorithms()) {
    const std::string where = table.set_under(entry.name);
    FEDSCAPE_CHECK(entry.name == algorithm || where.empty(), "{}: this option is for {}, but the algorithm is {}",
                   where, entry.name, algorithm);
  }
  check_at_least("rounds", rounds, 1);
  check_at_least("evaluate-every", evaluate_every, 0);
  check_at_least("seed", seed, 0);
  FEDSCAPE_CHECK(save_seconds >= 0, "save-seconds: 0 or more was expected, not {}", save_seconds);
  FEDSCAPE_CHECK(!output.empty(), "output: the name of a file was expected, not an empty one");
  check_options(data, table);
  check_options(partition);
  check_options(cohort);
  local.check();
  chosen().check(local.optimizer);
  privacy.check(cohort, local);
  machine.check();
  check_bytes("memory-budget", memory_budget);
}

const FederatedAlgorithm& FlOptions::chosen() const {
  const auto entries = fedscape::algorithms();
  for (std::size_t i = 0; i < algorithms.size(); ++i)
    if (entries[i].name == algorithm) return *algorithms[i];
  make_algorithm(algorithm);  // fails with the nearest name
  fail("algorithm " + algorithm);
}

RunInfo FlOptions::info(const OptionTable& table) const {
  RunInfo info;
  info.command = "fl run";
  info.options = table.description();
  info.free = {"output",  "fresh",  "dry-run", "save-seconds",     "evaluate-every", "device",
               "threads", "tuning", "profile", "models-per-stack", "memory-budget"};
  if (local.optimizer.schedule == "constant" && !chosen().needs_rounds()) info.free.emplace_back("rounds");
  info.build = build_text();
  info.seed = static_cast<std::uint64_t>(seed);
  return info;
}

}  // namespace fedscape
