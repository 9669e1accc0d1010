#pragma once

#include <memory>

#include "fedscape/comm/communicator.hpp"

namespace fedscape {

/// The ranks of `comm`, which must outlive it, with what their calls cost on the profile of `stream`, the calling
/// thread's. Ranks meet before each collective call, so that waiting for the slower ones counts as waiting and
/// communication is what it takes when all are there. Bytes: this rank's own data, once.
std::unique_ptr<Communicator> profiled(Communicator& comm, Stream& stream);

}  // namespace fedscape
