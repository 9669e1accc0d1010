#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "fedscape/app/options.hpp"
#include "fedscape/base/check.hpp"
#include "fedscape/comm/communicator.hpp"

namespace fedscape {

/// Exit codes beside 0: the input was refused; one rank failed alone; stopped on request, run again to go on (the job
/// scripts turn it into a requeue).
inline constexpr int kExitRefused = 2, kExitFailed = 1, kExitStopped = 85;

/// One thing fedscape does: the options it has and the recipe it follows.
class Command {
 public:
  virtual ~Command() = default;
  virtual void options(OptionTable& table) = 0;
  /// An Error for options that cannot be right; called once they are read, before MPI starts.
  virtual void check(OptionTable&) {}
  /// Follows the recipe and returns the exit code; a command has one of the two. On all ranks: input that any rank
  /// refuses must be refused in agree(), any other Error ends all ranks at once.
  virtual int run(Communicator&, const OptionTable&) { fail("this command runs without ranks"); }
  virtual int run_alone(const OptionTable&) { fail("this command runs on ranks"); }
};

/// A row of the table of commands.
struct CommandEntry {
  std::string_view name;      // "fl run"
  std::string_view help;      // one line
  std::string_view synopsis;  // arguments behind the name
  std::unique_ptr<Command> (*make)();
  bool ranks;  // run() on all ranks, or run_alone() without MPI
};
std::span<const CommandEntry> commands();

}  // namespace fedscape
