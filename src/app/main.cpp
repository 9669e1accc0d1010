#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "fedscape/app/command.hpp"
#include "fedscape/app/machine.hpp"
#include "fedscape/app/stop.hpp"
#include "fedscape/base/log.hpp"
#include "fedscape/base/suggest.hpp"

namespace fedscape {
namespace {

void print_commands() {
  fmt::print("fedscape: federated learning and loss landscapes on MPI ranks\n\n");
  for (const CommandEntry& entry : commands()) fmt::print("  fedscape {:<16} {}\n", entry.name, entry.help);
  fmt::print(
      "\nfedscape COMMAND --help lists a command's options. On N ranks: jobs/launch.sh N fedscape COMMAND ...\n");
}

/// The command that the first word or two name; those words are taken off.
const CommandEntry& take_command(std::vector<std::string>& words) {
  std::vector<std::string_view> names;
  for (const CommandEntry& entry : commands()) {
    names.push_back(entry.name);
    const bool two = entry.name.find(' ') != std::string_view::npos;
    if (two && words.size() < 2) continue;
    if (entry.name != (two ? words[0] + " " + words[1] : words[0])) continue;
    words.erase(words.begin(), words.begin() + (two ? 2 : 1));
    return entry;
  }
  const bool second = words.size() > 1 && !words[1].starts_with("-");
  const std::string wrong = second ? words[0] + " " + words[1] : words[0];
  fail(fmt::format("there is no command '{}'{}", wrong, suggestion(wrong, names)));
}

/// The recipe on all ranks. What all ranks refuse together is told once and ends them in order; what hits one rank
/// alone ends the others with MPI_Abort, as they may be waiting for it.
int run_on_ranks(Command& command, const OptionTable& table) {
  MpiSession mpi;
  const std::unique_ptr<Communicator> comm = mpi.world();
  enable_log(comm->is_root());
  try {
    return command.run(*comm, table);
  } catch (const AgreedError& error) {
    if (comm->is_root()) fmt::print(stderr, "fedscape: {}\n", error.what());
    return kExitRefused;
  } catch (const std::exception& error) {
    if (comm->size() == 1) {
      fmt::print(stderr, "fedscape: {}\n", error.what());
      return kExitRefused;
    }
    fmt::print(stderr, "fedscape: rank {}: {}\n", comm->rank(), error.what());
    std::fflush(nullptr);
    mpi.abort(kExitFailed);
  }
}

int run(std::vector<std::string> words) {
  if (words.empty() || words[0] == "--help" || words[0] == "-h" || words[0] == "help") return print_commands(), 0;
  if (words[0] == "--version") return fmt::print("{}\n", build_text()), 0;
  const CommandEntry& entry = take_command(words);
  const std::unique_ptr<Command> command = entry.make();
  OptionTable table;
  command->options(table);
  table.parse(words);
  if (table.help_requested()) {
    fmt::print("{}", table.help(fmt::format("fedscape {} {}: {}\n", entry.name, entry.synopsis, entry.help)));
    return 0;
  }
  command->check(table);
  watch_stop_signals();
  if (entry.ranks) return run_on_ranks(*command, table);
  enable_log(true);
  return command->run_alone(table);
}

}  // namespace
}  // namespace fedscape

int main(int argc, char** argv) {
  try {
    return fedscape::run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    fmt::print(stderr, "fedscape: {}\n", error.what());
    return fedscape::kExitRefused;
  }
}
