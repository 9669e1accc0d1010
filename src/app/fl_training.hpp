#pragma once

#include <optional>
#include <vector>

#include "fedscape/base/hash.hpp"
#include "src/app/fl_session.hpp"

namespace fedscape {

/// One federation of a session: made ready, then trained to its last round or until it is asked to stop.
class FlTraining {
 public:
  /// Deals the clients and makes network, initial model and engine; touches no file. The session, the options and what
  /// they hold must outlive it. `info` of the options; its data and device are filled in. Collective.
  FlTraining(FlSession& session, const FlOptions& options, RunInfo info);
  ~FlTraining();
  FlTraining(const FlTraining&) = delete;
  FlTraining& operator=(const FlTraining&) = delete;

  const RunInfo& info() const { return info_; }
  /// Of the model that training starts from, until train() is called.
  std::uint64_t initial_hash() const { return fnv1a(std::as_bytes(std::span(initial_))); }
  /// Prints what training would take: see print_estimate. Collective.
  void estimate();
  /// Trains from where the run file stands, from the start with options.fresh. True if the last round is done, false
  /// if it stopped before, everything saved. Call it once. Collective.
  bool train();
  /// Puts a profile into the run file that train() has left. Collective.
  void save_profile(const ProfileTable& table);

 private:
  struct State;
  void log_size() const;
  void open();
  RoundReport next_round();
  void record(const RoundReport& report, bool last);
  void save();

  FlSession& session_;
  const FlOptions& options_;
  RunInfo info_;
  Clients clients_;
  std::optional<Network> network_;
  std::vector<float> initial_;  // [P], until it is trained
  std::optional<Federation> federation_;
  std::optional<Engine> engine_;
  std::unique_ptr<State> state_;
};

}  // namespace fedscape
