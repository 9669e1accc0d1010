#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "fedscape/algo/federated/engine.hpp"
#include "fedscape/app/options.hpp"
#include "fedscape/data/partition.hpp"
#include "fedscape/io/load_dataset.hpp"

/// Ranges of options, refused before MPI starts and before any data is read.
namespace fedscape {

inline constexpr const char* kPrecisionText =
    "float32, bf16, bf16w2, bf16x2 (two parts of weights, of both) or, on a GPU, tf32";

void check_at_least(std::string_view name, std::int64_t value, std::int64_t least);
/// "0", "4096", "500k", "20M", "2G", "1T" (powers of 10) as a number of bytes.
std::int64_t check_bytes(std::string_view name, const std::string& text);
/// Refuses flags that this kind of data does not read; in a config file they may stand for when another is chosen.
void check_options(const DataOptions& options, const OptionTable& table);
void check_options(const PartitionOptions& options);
void check_options(const CohortOptions& options);

}  // namespace fedscape
