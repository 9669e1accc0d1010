#pragma once

#include <cstddef>
#include <cstdint>

namespace fedscape {

/// Sizes and indices of ours are signed, the standard library's are not.
constexpr std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

}  // namespace fedscape
