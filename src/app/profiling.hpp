#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fedscape/comm/profile_table.hpp"
#include "fedscape/device/workers.hpp"

namespace fedscape {

/// What --profile does in a command: measures from its construction to finish().
class Profiling {
 public:
  /// On: first the peaks of all threads of all ranks at once (about 0.2 s, and memory beyond the last cache), then the
  /// clocks start. Collective.
  Profiling(bool on, Workers& workers, Communicator& world);
  /// The ranks, to be used instead of `world`: so that communication is measured.
  Communicator& comm() { return comm_ ? *comm_ : world_; }
  /// Stops the clocks and adds up those of all threads and ranks; nothing if off. Collective.
  std::optional<ProfileTable> finish();

 private:
  Workers& workers_;
  Communicator& world_;
  std::unique_ptr<Communicator> comm_;  // null: off
  std::vector<Peaks> peaks_;
};

/// The table as --profile prints it, one line a row: seconds of all threads, rates and shares of the peak of the
/// threads while they were at it; "-" where something is not known.
std::string profile_text(const ProfileTable& table);

}  // namespace fedscape
