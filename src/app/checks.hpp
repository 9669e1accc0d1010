#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "fedscape/algo/federated/engine.hpp"
#include "fedscape/data/partition.hpp"

/// Ranges of options, refused before MPI starts and before any data is read.
namespace fedscape {

void check_at_least(std::string_view name, std::int64_t value, std::int64_t least);
/// "0", "4096", "500k", "20M", "2G", "1T" (powers of 10) as a number of bytes.
std::int64_t check_bytes(std::string_view name, const std::string& text);
void check_options(const PartitionOptions& options);
void check_options(const CohortOptions& options);

}  // namespace fedscape
