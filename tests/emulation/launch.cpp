#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <string_view>
#include <vector>

#include "cuda_runtime.h"
#include "tests/emulation/device_memory.hpp"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#endif

/// Threads of a block as fibers. A fiber runs one thread after the other; the first that waits keeps it, and another
/// fiber goes on with the next, so a kernel without barriers is a plain loop.
namespace fedscape::emulation {

namespace {

constexpr std::size_t kStack = 256 * 1024;
constexpr int kWarp = 32, kMostThreads = 1024;
enum class Wait { nothing, block, warp };

bool reversed() {
  const char* const order = std::getenv("FEDSCAPE_EMULATION");
  return order && std::string_view(order) == "reverse";
}

[[noreturn]] void die(const char* why) {
  std::fprintf(stderr, "CUDA emulation: %s\n", why);
  std::abort();
}

/// Changes from one stack to another. ASan is told.
struct Context {
  ucontext_t place;
  const void* stack = nullptr;
  std::size_t size = 0;

  void switch_to(Context& other, [[maybe_unused]] bool for_good = false) {
#ifdef __SANITIZE_ADDRESS__
    void* fake = nullptr;
    __sanitizer_start_switch_fiber(for_good ? nullptr : &fake, other.stack, other.size);
    swapcontext(&place, &other.place);
    __sanitizer_finish_switch_fiber(fake, nullptr, nullptr);
#else
    swapcontext(&place, &other.place);
#endif
  }
};

struct Fiber {
  Context context;
  std::unique_ptr<char[]> stack{new char[kStack]};
  int thread = -1;  // which it runs; -1: none
  Wait wait = Wait::nothing;
};

class Block {
 public:
  void run(dim3 block, std::size_t shared_bytes, void (*thread)(void*), void* of);
  void wait(Wait kind) {
    Fiber& fiber = *running_;
    fiber.wait = kind;
    fiber.context.switch_to(scheduler_);
    enter(fiber.thread);
  }
  std::uint64_t exchange(std::uint64_t shown, int lane) {
    const int mine = running_->thread;
    shown_[mine] = shown;
    wait(Wait::warp);
    const int other = mine / kWarp * kWarp + lane;
    if (lane < 0 || lane >= kWarp || other >= threads_) die("a shuffle from a lane that is not there");
    const std::uint64_t value = shown_[other];
    wait(Wait::warp);
    return value;
  }
  int lane() const { return running_->thread % kWarp; }
  char* shared() { return reinterpret_cast<char*>(shared_.data()); }

 private:
  static void main();
  Fiber& free_fiber();
  void resume(Fiber& fiber) {
    running_ = &fiber;
    fiber.wait = Wait::nothing;
    scheduler_.switch_to(fiber.context);
  }
  void enter(int thread) {
    const auto t = static_cast<unsigned>(thread);
    threadIdx = dim3(t % size_.x, t / size_.x % size_.y, t / size_.x / size_.y);
  }
  bool all_wait(Wait kind, int warp) const;
  void release(Wait kind, int warp);

  dim3 size_;
  int threads_ = 0, started_ = 0;
  void (*thread_)(void*) = nullptr;
  void* of_ = nullptr;
  Context scheduler_;
  std::vector<std::unique_ptr<Fiber>> fibers_;
  Fiber* running_ = nullptr;
  std::uint64_t shown_[kMostThreads] = {};
  struct alignas(128) Line {
    char bytes[128];
  };
  std::vector<Line> shared_;
  const bool reversed_ = reversed();
};

thread_local std::unique_ptr<Block> current;

Block& this_block() {
  if (!current) current = std::make_unique<Block>();
  return *current;
}

void Block::main() {
#ifdef __SANITIZE_ADDRESS__
  __sanitizer_finish_switch_fiber(nullptr, &current->scheduler_.stack, &current->scheduler_.size);
#endif
  for (;;) {
    Block& block = *current;
    Fiber& fiber = *block.running_;
    while (block.started_ < block.threads_) {
      const int next = block.started_++;
      fiber.thread = block.reversed_ ? block.threads_ - 1 - next : next;
      block.enter(fiber.thread);
      block.thread_(block.of_);
    }
    fiber.thread = -1;
    fiber.context.switch_to(block.scheduler_);
  }
}

Fiber& Block::free_fiber() {
  for (auto& fiber : fibers_)
    if (fiber->thread < 0) return *fiber;
  fibers_.push_back(std::make_unique<Fiber>());
  Fiber& fiber = *fibers_.back();
  getcontext(&fiber.context.place);
  fiber.context.place.uc_stack.ss_sp = fiber.stack.get();
  fiber.context.place.uc_stack.ss_size = kStack;
  fiber.context.place.uc_link = nullptr;
  fiber.context.stack = fiber.stack.get();
  fiber.context.size = kStack;
  makecontext(&fiber.context.place, &Block::main, 0);
  return fiber;
}

bool Block::all_wait(Wait kind, int warp) const {
  for (const auto& fiber : fibers_)
    if (fiber->thread >= 0 && (warp < 0 || fiber->thread / kWarp == warp) && fiber->wait != kind) return false;
  return true;
}

/// Lets those go on who wait, in the order of the threads.
void Block::release(Wait kind, int warp) {
  std::vector<Fiber*> order;
  for (const auto& fiber : fibers_)
    if (fiber->thread >= 0 && (warp < 0 || fiber->thread / kWarp == warp) && fiber->wait == kind)
      order.push_back(fiber.get());
  std::sort(order.begin(), order.end(),
            [&](const Fiber* a, const Fiber* b) { return reversed_ ? a->thread > b->thread : a->thread < b->thread; });
  for (Fiber* const fiber : order) resume(*fiber);
}

void Block::run(dim3 block, std::size_t shared_bytes, void (*thread)(void*), void* of) {
  size_ = block;
  threads_ = static_cast<int>(block.x * block.y * block.z);
  if (threads_ > kMostThreads) die("more than 1,024 threads in a block");
  Line nan;
  std::memset(&nan, 0xff, sizeof nan);
  shared_.assign((shared_bytes + sizeof nan - 1) / sizeof nan, nan);
  thread_ = thread;
  of_ = of;
  started_ = 0;
  while (started_ < threads_) resume(free_fiber());
  for (;;) {
    bool waiting = false, released = false;
    bool warps[kMostThreads / kWarp] = {};
    for (const auto& fiber : fibers_) {
      waiting = waiting || fiber->thread >= 0;
      if (fiber->thread >= 0 && fiber->wait == Wait::warp) warps[fiber->thread / kWarp] = true;
    }
    if (!waiting) return;
    for (int warp = 0; warp < kMostThreads / kWarp; ++warp)
      if (warps[warp] && all_wait(Wait::warp, warp)) release(Wait::warp, warp), released = true;
    if (!released && all_wait(Wait::block, -1)) release(Wait::block, -1), released = true;
    if (!released) die("threads of one warp wait at different barriers");
  }
}

}  // namespace

void wait_for_block() { current->wait(Wait::block); }
void wait_for_warp() { current->wait(Wait::warp); }
std::uint64_t exchange(std::uint64_t shown, int lane) { return current->exchange(shown, lane); }
int lane() { return current->lane(); }

void check_argument(const void* argument, std::size_t bytes) {
  constexpr std::uintptr_t kLowest = std::uintptr_t{0x5000} << 32;  // where programs, heaps and stacks lie above
  static const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  for (std::size_t at = 0; at + sizeof(std::uintptr_t) <= bytes; at += sizeof(std::uintptr_t)) {
    std::uintptr_t word = 0;
    std::memcpy(&word, static_cast<const char*>(argument) + at, sizeof word);
    if (word < kLowest || word >> 47 != 0 || is_device_memory(word)) continue;
    unsigned char resident = 0;
    if (mincore(reinterpret_cast<void*>(word / page * page), 1, &resident) == 0)
      die("an argument of a kernel holds an address of the host");
  }
}
char* dynamic_shared() { return current->shared(); }

void run(dim3 grid, dim3 block, std::size_t shared_bytes, void (*thread)(void*), void* of) {
  if (grid.x == 0 || grid.y == 0 || grid.z == 0 || grid.x > 0x7fffffffu || grid.y > 65535 || grid.z > 65535)
    die("no grid that CUDA launches");
  const OpenDeviceMemory open;
  blockDim = block;
  gridDim = grid;
  const std::uint64_t blocks = std::uint64_t{grid.x} * grid.y * grid.z;
  for (std::uint64_t i = 0; i < blocks; ++i) {
    const std::uint64_t b = reversed() ? blocks - 1 - i : i;
    blockIdx = dim3(static_cast<unsigned>(b % grid.x), static_cast<unsigned>(b / grid.x % grid.y),
                    static_cast<unsigned>(b / grid.x / grid.y));
    this_block().run(block, shared_bytes, thread, of);
  }
}

}  // namespace fedscape::emulation
