#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "fedscape/device/device.hpp"

namespace fedscape {

/// Bump allocator for what lives within one step. Blocks are kept, so after the first step nothing is allocated.
class Arena {
 public:
  explicit Arena(Device device) : device_(device) {}
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  /// `bytes` bytes, aligned to 64, contents unspecified; valid until the enclosing ArenaScope ends.
  void* allocate(std::size_t bytes);
  bool in_scope() const { return depth_ > 0; }
  /// Where the next allocation begins to look for room: from the same place the same allocations get the same memory.
  std::pair<std::size_t, std::size_t> place() const { return {top_.block, top_.used}; }
  /// Bytes held from the device, in use or not.
  std::size_t capacity() const;

 private:
  friend class ArenaScope;
  struct Block {
    std::byte* data;
    std::size_t size;
  };
  struct Mark {
    std::size_t block, used;
  };

  Device device_;
  std::vector<Block> blocks_;
  Mark top_{0, 0};
  int depth_ = 0;
};

class Stream;

/// While one is alive, Tensors made on the stream take their memory from its arena; its end frees them together.
class ArenaScope {
 public:
  explicit ArenaScope(Stream& stream);
  ~ArenaScope();
  ArenaScope(const ArenaScope&) = delete;
  ArenaScope& operator=(const ArenaScope&) = delete;

 private:
  Arena& arena_;
  Arena::Mark mark_;
};

}  // namespace fedscape
