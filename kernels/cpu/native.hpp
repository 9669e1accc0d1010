#pragma once

#include <dnnl.hpp>

#include <array>
#include <cstdint>
#include <map>
#include <memory>

#include "fedscape/device/stream.hpp"

namespace fedscape {

/// What CPU kernels keep between calls: a oneDNN engine and stream of this thread, and the primitives it has made.
/// oneDNN runs single-threaded inside; a Stream belongs to one thread (see architecture.md, decision 8).
struct Stream::CpuNative {
  /// Identifies a primitive: which kernel made it and every number that its creation depended on.
  using Key = std::array<std::int64_t, 20>;

  CpuNative();
  dnnl::engine engine;
  dnnl::stream stream;
  std::map<Key, std::shared_ptr<void>> primitives;

  /// The cached object of this key, made by `make` on first use.
  template <class T, class Make>
  T& cached(const Key& key, Make&& make) {
    std::shared_ptr<void>& entry = primitives[key];
    if (!entry) entry = std::make_shared<T>(make());
    return *static_cast<T*>(entry.get());
  }
};

}  // namespace fedscape
