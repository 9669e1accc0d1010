#pragma once

#include <functional>

#include "fedscape/comm/communicator.hpp"

namespace fedscape::test {

MpiSession& session();
/// All ranks of the test binary.
Communicator& world();

/// Calls work on the first `ranks` ranks with a communicator of their own; false where the launch has fewer.
bool on_ranks(int ranks, const std::function<void(Communicator&)>& work);

}  // namespace fedscape::test
