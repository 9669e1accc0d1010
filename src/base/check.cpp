#include "fedscape/base/check.hpp"

namespace fedscape {

void fail(const std::string& message) { throw Error(message); }

}  // namespace fedscape
