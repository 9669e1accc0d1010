#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "fedscape/algo/federated/engine.hpp"
#include "fedscape/app/machine.hpp"
#include "fedscape/app/options.hpp"
#include "fedscape/data/partition.hpp"
#include "fedscape/io/load_dataset.hpp"
#include "fedscape/io/run_file.hpp"
#include "fedscape/nn/zoo.hpp"

namespace fedscape {

/// All options of `fedscape fl run`.
struct FlOptions {
  FlOptions();
  std::int64_t rounds = 40, evaluate_every = 1, seed = 1;
  std::string output = "out/run.h5", init, algorithm = "fedavg";
  double save_seconds = 30;
  bool fresh = false, dry_run = false, weight_statistics = true, client_statistics = false;
  DataOptions data;
  PartitionOptions partition;
  NetworkOptions network;
  CohortOptions cohort;
  LocalOptions local;
  MachineOptions machine;
  std::vector<std::unique_ptr<FederatedAlgorithm>> algorithms;  // all there are; `algorithm` names the one to run
  std::vector<std::unique_ptr<Penalty>> penalties;              // those of weight zero take no part

  void list(OptionTable& table);
  /// Those of list() in which runs that are compared may differ: what is trained and how.
  void list_choices(OptionTable& table);
  void check(OptionTable& table) const;  // and hides the options of other algorithms
  const FederatedAlgorithm& chosen() const;
  /// What a run is, but for its data and device; see RunFile.
  RunInfo info(const OptionTable& table) const;
};

}  // namespace fedscape
