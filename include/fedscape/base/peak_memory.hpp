#pragma once

#include <cstdint>

namespace fedscape {

/// The most memory that this process has held so far, in bytes; what the ranks of a node share counts in each.
std::int64_t peak_memory();

}  // namespace fedscape
