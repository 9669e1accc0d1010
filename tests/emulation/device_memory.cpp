#include "tests/emulation/device_memory.hpp"

#include <sys/mman.h>

#include <map>
#include <mutex>

#include "cuda_runtime.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size)
#define ASAN_UNPOISON_MEMORY_REGION(address, size)
#endif

namespace fedscape::emulation {

namespace {

constexpr std::size_t kGap = 256;
/// FEDSCAPE_EMULATED_MEMORY bytes, else 8 GB.
std::size_t size_of_memory() {
  const char* const bytes = std::getenv("FEDSCAPE_EMULATED_MEMORY");
  return bytes ? std::strtoull(bytes, nullptr, 10) : std::size_t{1} << 33;
}
const std::size_t kMemory = size_of_memory();

/// One range of addresses of which pieces are lent, first fit; each is followed by a gap. New memory is all NaN.
class DeviceMemory {
 public:
  DeviceMemory() {
    const std::size_t pages = (kMemory + kPage - 1) / kPage * kPage;
    base_ = static_cast<char*>(mmap(nullptr, pages, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    if (base_ == MAP_FAILED) std::abort();
  }
  void open() {
    const std::lock_guard lock(mutex_);
    if (++open_ == 1) protect(PROT_READ | PROT_WRITE);
  }
  void close() {
    const std::lock_guard lock(mutex_);
    if (--open_ == 0) protect(PROT_NONE);
  }
  void* take(std::size_t bytes) {
    const OpenDeviceMemory open;
    const std::lock_guard lock(mutex_);
    const std::size_t size = (bytes + kGap - 1) / kGap * kGap + kGap;
    std::size_t at = 0;
    for (const auto& [begin, length] : pieces_) {
      if (begin - at >= size) break;
      at = begin + length;
    }
    if (kMemory - at < size) return nullptr;
    if (at + size > end_) {
      end_ = (at + size + kPage - 1) / kPage * kPage;
      protect(PROT_READ | PROT_WRITE);
    }
    pieces_[at] = size;
    ASAN_POISON_MEMORY_REGION(base_ + at, size);
    ASAN_UNPOISON_MEMORY_REGION(base_ + at, bytes);
    std::memset(base_ + at, 0xff, bytes);
    return base_ + at;
  }
  void give_back(void* data) {
    const std::lock_guard lock(mutex_);
    const auto piece = pieces_.find(static_cast<std::size_t>(static_cast<char*>(data) - base_));
    if (piece == pieces_.end()) std::abort();
    ASAN_POISON_MEMORY_REGION(base_ + piece->first, piece->second);
    pieces_.erase(piece);
  }
  bool holds(std::uintptr_t address) const {
    const auto base = reinterpret_cast<std::uintptr_t>(base_);
    return address >= base && address <= base + kMemory;
  }
  std::size_t left() {
    const std::lock_guard lock(mutex_);
    std::size_t taken = 0;
    for (const auto& [begin, length] : pieces_) taken += length;
    return kMemory - taken;
  }

 private:
  static constexpr std::size_t kPage = 1 << 16;
  void protect(int how) {
    if (end_ > 0 && mprotect(base_, end_, how) != 0) std::abort();
  }

  std::mutex mutex_;
  char* base_;
  std::size_t end_ = 0;  // of what was ever lent
  std::map<std::size_t, std::size_t> pieces_;
  int open_ = 0;
};

DeviceMemory& memory() {
  static DeviceMemory* const all = new DeviceMemory;  // outlives whatever still holds pieces
  return *all;
}

}  // namespace

OpenDeviceMemory::OpenDeviceMemory() { memory().open(); }
OpenDeviceMemory::~OpenDeviceMemory() { memory().close(); }

bool is_device_memory(std::uintptr_t address) { return memory().holds(address); }

}  // namespace fedscape::emulation

using fedscape::emulation::memory;

cudaError_t cudaGetDeviceCount(int* count) {
  const char* const devices = std::getenv("FEDSCAPE_EMULATED_DEVICES");
  *count = devices ? std::atoi(devices) : 1;
  return cudaSuccess;
}

cudaError_t cudaMalloc(void** data, std::size_t bytes) {
  *data = bytes ? memory().take(bytes) : nullptr;
  return *data || bytes == 0 ? cudaSuccess : cudaErrorMemoryAllocation;
}

cudaError_t cudaFree(void* data) {
  if (data) memory().give_back(data);
  return cudaSuccess;
}

namespace {

/// Does `work` on device memory in the order of the stream.
template <class Work>
void in_order(cudaStream_t stream, const Work& work) {
  fedscape::emulation::in_order(stream, [work] {
    const fedscape::emulation::OpenDeviceMemory open;
    work();
  });
}

}  // namespace

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind, cudaStream_t stream) {
  const auto on_device = [](const void* p) { return memory().holds(reinterpret_cast<std::uintptr_t>(p)); };
  // CUDA can capture copies from and to the host; fedscape never wants to.
  if (stream && stream->graph() && !(on_device(to) && on_device(from))) return cudaErrorStreamCaptureUnsupported;
  if (bytes) in_order(stream, [=] { std::memmove(to, from, bytes); });
  return cudaSuccess;
}

cudaError_t cudaMemsetAsync(void* to, int value, std::size_t bytes, cudaStream_t stream) {
  if (bytes) in_order(stream, [=] { std::memset(to, value, bytes); });
  return cudaSuccess;
}

cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
  *free = memory().left();
  *total = fedscape::emulation::kMemory;
  return cudaSuccess;
}
