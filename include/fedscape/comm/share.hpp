#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace fedscape {

using ClientId = std::int32_t;

/// Which of the cohort this rank trains, in the order in which to train them. Pure and the same on all ranks.
/// At home (clients with memory): those with id mod size = rank. Otherwise longest first to the least loaded rank.
/// steps[i] is the local work of cohort[i].
std::vector<ClientId> share(std::span<const ClientId> cohort, std::span<const std::int64_t> steps, bool at_home,
                            int rank, int size);

}  // namespace fedscape
