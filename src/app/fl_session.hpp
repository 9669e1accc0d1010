#pragma once

#include <cstdint>

#include "fedscape/comm/device_ranks.hpp"
#include "src/app/fl_options.hpp"
#include "src/app/profiling.hpp"

namespace fedscape {

/// What all federations share that a process trains one after the other: this rank's part of the machine, and the data.
struct FlSession {
  /// Picks the machine and loads both splits, as `options` says. Collective.
  FlSession(Communicator& world, const FlOptions& options);
  FlSession(const FlSession&) = delete;
  FlSession& operator=(const FlSession&) = delete;

  std::uint64_t data_hash() const { return train.hash() ^ (test.hash() << 1); }

  Machine machine;
  Workers workers;
  DeviceRanks ranks;
  Profiling profiling;
  Communicator& comm;
  Dataset train, test;
};

}  // namespace fedscape
