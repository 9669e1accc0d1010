#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "fedscape/device/stream.hpp"

namespace fedscape {

/// Work that a stream does again and again. On a CUDA device it is done as it is the first time, put together as a
/// graph the second, and from then on launched as one; on the CPU it is simply done. What differs between two calls
/// with the same key must lie in device memory (see Mirrored): a graph keeps the arguments of its kernels, and runs no
/// code of the host. Work that waits for the device, or sends it something of the host's, is never put together; it may
/// be begun twice before that is known.
class Repetitions {
 public:
  /// What the work depends on on the host: addresses, sizes, rates.
  using Key = std::array<std::int64_t, 8>;

  Repetitions();
  ~Repetitions();
  Repetitions(const Repetitions&) = delete;
  Repetitions& operator=(const Repetitions&) = delete;

  template <class Work>
  void run(Stream& stream, const Key& key, Work&& work) {
    if (stream.device().kind == DeviceKind::cpu) return work();
    repeat(stream, key, std::ref(work));
  }
  /// How often a graph was launched instead.
  std::int64_t launches() const { return launches_; }

 private:
  struct Graph;
  void repeat(Stream& stream, const Key& key, const std::function<void()>& work);

  std::vector<std::unique_ptr<Graph>> graphs_;  // the last used first
  std::int64_t launches_ = 0;
};

}  // namespace fedscape
