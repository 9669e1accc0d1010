#include "fedscape/base/peak_memory.hpp"

#include <sys/resource.h>

namespace fedscape {

std::int64_t peak_memory() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return std::int64_t{1024} * usage.ru_maxrss;
}

}  // namespace fedscape
