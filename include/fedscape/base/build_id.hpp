#pragma once

#include <string_view>

namespace fedscape {

/// Version and commit this binary was configured from, "0.1.0 (1a2b3c4-dirty)": every result file names it.
std::string_view build_id();

}  // namespace fedscape
