#include "src/algo/side_by_side.hpp"

#include "fedscape/base/log.hpp"

namespace fedscape {

std::int64_t models_that_fit(Device device, std::int64_t floats, int threads) {
  return static_cast<std::int64_t>(free_bytes(device) / 2 / sizeof(float)) / floats / threads;
}

int halved(int models, std::string_view what, const OutOfMemory& lack, std::atomic<bool>& said) {
  if (models == 1) throw lack;
  const int left = (models + 1) / 2;
  if (!said.exchange(true)) log_warning("{}: going on with {} {} side by side", lack.what(), left, what);
  return left;
}

}  // namespace fedscape
