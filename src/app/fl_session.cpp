#include "src/app/fl_session.hpp"

namespace fedscape {

namespace {

Machine pick(Communicator& world, const MachineOptions& options) {
  Machine machine;
  agree(world, [&] { machine = pick_machine(options, world); });
  return machine;
}

Dataset load(Workers& workers, Communicator& comm, const DataOptions& options, Split split) {
  return in_phase(workers.stream(), Phase::io, "data", [&] { return load_shared(comm, options, split); });
}

}  // namespace

FlSession::FlSession(Communicator& world, const FlOptions& options)
    : machine(pick(world, options.machine)),
      workers(machine.device, machine.threads, machine.tuning.get()),
      ranks(world, workers.stream()),
      profiling(options.machine.profile, workers, ranks.comm()),
      comm(profiling.comm()),
      train(load(workers, comm, options.data, Split::train)),
      test(load(workers, comm, options.data, Split::test)) {}

}  // namespace fedscape
