#include "fedscape/device/arena.hpp"

#include <algorithm>

#include "fedscape/device/memory.hpp"
#include "fedscape/device/stream.hpp"

namespace fedscape {

namespace {
constexpr std::size_t kAlignment = 64, kSmallestBlock = std::size_t{1} << 20;

/// `size` bytes, or where there is no room for them just the `bytes` that are needed.
void* allocate_at_most(Device device, std::size_t bytes, std::size_t& size) {
  try {
    return allocate(device, size);
  } catch (const OutOfMemory&) {
    if (size == bytes) throw;
  }
  size = bytes;
  return allocate(device, size);
}

}  // namespace

Arena::~Arena() {
  for (const Block& block : blocks_) deallocate(device_, block.data);
}

void* Arena::allocate(std::size_t bytes) {
  bytes = std::max(kAlignment, (bytes + kAlignment - 1) / kAlignment * kAlignment);
  while (top_.block < blocks_.size() && top_.used + bytes > blocks_[top_.block].size) top_ = {top_.block + 1, 0};
  if (top_.block == blocks_.size()) {
    std::size_t size = std::max({bytes, kSmallestBlock, capacity()});  // doubling keeps the blocks few
    void* const block = allocate_at_most(device_, bytes, size);
    blocks_.push_back({static_cast<std::byte*>(block), size});
  }
  void* const data = blocks_[top_.block].data + top_.used;
  top_.used += bytes;
  return data;
}

std::size_t Arena::capacity() const {
  std::size_t total = 0;
  for (const Block& block : blocks_) total += block.size;
  return total;
}

ArenaScope::ArenaScope(Stream& stream) : arena_(stream.arena()), mark_(arena_.top_) { ++arena_.depth_; }

ArenaScope::~ArenaScope() {
  arena_.top_ = mark_;
  --arena_.depth_;
}

}  // namespace fedscape
