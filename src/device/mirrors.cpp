#include "fedscape/device/mirrors.hpp"

#include <algorithm>
#include <functional>

namespace fedscape {

void Mirrors::set(const void* host, std::size_t bytes, const void* device) {
  forget(host);
  if (bytes > 0) copies_.push_back({static_cast<const std::byte*>(host), static_cast<const std::byte*>(device), bytes});
}

void Mirrors::forget(const void* host) {
  std::erase_if(copies_, [&](const Copy& copy) { return copy.host == host; });
}

const void* Mirrors::find(const void* host, std::size_t bytes) const {
  const auto* const first = static_cast<const std::byte*>(host);
  const std::less_equal<> before;  // a total order of pointers
  for (const Copy& copy : copies_)
    if (before(copy.host, first) && before(first + bytes, copy.host + copy.bytes))
      return copy.device + (first - copy.host);
  return nullptr;
}

}  // namespace fedscape
