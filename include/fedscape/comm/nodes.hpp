#pragma once

#include <vector>

#include "fedscape/comm/communicator.hpp"

namespace fedscape {

/// For each rank the lowest rank of its node: of those that it shares memory with. Collective.
std::vector<int> nodes_of(Communicator& comm);

}  // namespace fedscape
