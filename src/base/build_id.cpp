#include "fedscape/base/build_id.hpp"

namespace fedscape {

std::string_view build_id() { return FEDSCAPE_BUILD_ID; }

}  // namespace fedscape
