#pragma once

#include <cstdint>
#include <string_view>

#include "fedscape/algo/federated/engine.hpp"
#include "fedscape/data/partition.hpp"

/// Ranges of options, refused before MPI starts and before any data is read.
namespace fedscape {

void check_at_least(std::string_view name, std::int64_t value, std::int64_t least);
void check_options(const PartitionOptions& options);
void check_options(const CohortOptions& options);

}  // namespace fedscape
