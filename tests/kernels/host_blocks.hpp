#pragma once

#include <algorithm>
#include <cstring>
#include <vector>

#include "fedscape/ops/batch.hpp"
#include "fedscape/tensor/tensor.hpp"

/// Runs on the host what the device runs as blocks of threads (kernels/product.hpp): one block after the other, and in
/// each phase of a block one thread after the other.
namespace fedscape::test {

/// Blocks, and threads within a phase, from the first to the last or the other way: what one reads must not depend on
/// what another writes in the same phase.
enum class Order { forward, backward };

class HostLaunch {
 public:
  HostLaunch(Stream& stream, const Batch& batch, Order order)
      : stream_(stream), scope_(stream), batch_(batch), order_(order) {}

  Stream& stream() { return stream_; }
  const int* counts() const { return batch_.counts.data(); }
  bool tf32() const { return stream_.tf32(); }

  template <class Problem>
  void operator()(const Problem& problem, std::int64_t blocks, int models) {
    for_each(blocks * models, [&](std::int64_t i) {
      run_block(problem, static_cast<std::uint32_t>(i % blocks), static_cast<int>(i / blocks));
    });
  }

 private:
  template <class F>
  void for_each(std::int64_t n, F&& f) const {
    for (std::int64_t i = 0; i < n; ++i) f(order_ == Order::forward ? i : n - 1 - i);
  }

  template <class Problem>
  void run_block(const Problem& problem, std::uint32_t index, int model) {
    using Block = typename Problem::Block;
    using Thread = typename Block::Thread;
    Block block;
    if (!problem.block(index, model, block)) return;
    std::vector<typename Block::Shared> shared(1);
    std::vector<Thread> threads(Problem::kThreads);
    std::memset(static_cast<void*>(shared.data()), 0xff, sizeof(shared[0]));  // NaN
    block.run(shared[0], [&](auto&& f) {
      for_each(Problem::kThreads,
               [&](std::int64_t id) { f(threads[static_cast<std::size_t>(id)], static_cast<int>(id)); });
    });
  }

  Stream& stream_;
  ArenaScope scope_;
  Batch batch_;
  Order order_;
};

}  // namespace fedscape::test
