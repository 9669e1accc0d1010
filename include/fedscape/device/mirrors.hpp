#pragma once

#include <cstddef>
#include <vector>

namespace fedscape {

/// Which arrays of the host have a copy on the device of a stream that is up to date: see Mirrored
/// (tensor/mirrored.hpp).
class Mirrors {
 public:
  /// From now on the `bytes` bytes at `host` are the same as those at `device`.
  void set(const void* host, std::size_t bytes, const void* device);
  /// `host` has changed, or is gone.
  void forget(const void* host);
  /// The copy of `bytes` bytes at `host`; null where there is none.
  const void* find(const void* host, std::size_t bytes) const;

 private:
  struct Copy {
    const std::byte *host, *device;
    std::size_t bytes;
  };
  std::vector<Copy> copies_;  // a few
};

}  // namespace fedscape
