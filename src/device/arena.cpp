#include "fedscape/device/arena.hpp"

#include <algorithm>
#include <span>

#include "fedscape/device/memory.hpp"
#include "fedscape/device/stream.hpp"

namespace fedscape {

namespace {
constexpr std::size_t kAlignment = 64, kSmallestBlock = std::size_t{1} << 20;

/// As many bytes as are wanted, or where there is no room for them just those that are needed.
std::span<std::byte> allocate_between(Device device, std::size_t needed, std::size_t wanted) {
  const auto block_of = [&](std::size_t size) {
    return std::span(static_cast<std::byte*>(allocate(device, size)), size);
  };
  try {
    return block_of(wanted);
  } catch (const OutOfMemory&) {
    if (wanted == needed) throw;
  }
  return block_of(needed);
}

}  // namespace

Arena::~Arena() {
  for (const Block& block : blocks_) deallocate(device_, block.data);
}

void* Arena::allocate(std::size_t bytes) {
  bytes = std::max(kAlignment, (bytes + kAlignment - 1) / kAlignment * kAlignment);
  while (top_.block < blocks_.size() && top_.used + bytes > blocks_[top_.block].size) top_ = {top_.block + 1, 0};
  if (top_.block == blocks_.size()) {
    const std::size_t wanted = std::max({bytes, kSmallestBlock, capacity()});  // doubling keeps the blocks few
    const std::span<std::byte> block = allocate_between(device_, bytes, wanted);
    blocks_.push_back({block.data(), block.size()});
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
