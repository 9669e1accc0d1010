#pragma once

#include <span>
#include <vector>

#include "fedscape/algo/federated/algorithm.hpp"

namespace fedscape {

/// The stages of a round, and after them tuning's, checked: what is sent is trained first, numbers are in their ranges.
std::vector<Stage> all_stages(const FederatedAlgorithm& algorithm);
/// Steps of a client with `local_steps` in those stages that train what is sent, and in all; batches that it sees in
/// all.
std::int64_t sending_steps(std::span<const Stage> stages, std::int64_t local_steps);
std::int64_t steps_of(std::span<const Stage> stages, std::int64_t local_steps);
std::int64_t batches_of(std::span<const Stage> stages, std::int64_t local_steps);

}  // namespace fedscape
