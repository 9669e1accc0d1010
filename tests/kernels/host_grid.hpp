#pragma once

#include <cstring>
#include <memory>

#include "kernels/cuda/grid.hpp"

namespace fedscape::test {

/// A Grid (kernels/cuda/grid.hpp) on the host: block after block, and in each phase thread after thread. Backwards, the
/// last come first: what depends on an order that no device promises then shows in the bits.
class HostGrid {
 public:
  explicit HostGrid(Stream& stream, bool backwards = false) : stream_(stream), backwards_(backwards) {}
  Stream& stream() const { return stream_; }

  template <class T>
  View<const T> upload(const T* values, std::int64_t n) const {
    const Tensor<T> copy(stream_, {n});
    copy_to_device(stream_, copy.data(), values, static_cast<std::size_t>(n) * sizeof(T));
    return copy.view();
  }
  template <class F>
  void threads(std::int64_t n, std::int64_t models, const F& f) const {
    each(models, [&](std::int64_t m) { each(n, [&](std::int64_t i) { f(static_cast<int>(m), i); }); });
  }
  template <class Body>
  void blocks(std::int64_t n, std::int64_t models, const Body& body) const {
    const auto shared = std::make_unique<typename Body::Shared>();
    each(models, [&](std::int64_t m) {
      each(n, [&](std::int64_t i) {
        std::memset(static_cast<void*>(shared.get()), 0xff, sizeof *shared);  // NaN, or what fits no index
        body(Block{*this, i, static_cast<int>(m)}, *shared);
      });
    });
  }

 private:
  struct Block {
    const HostGrid& grid;
    std::int64_t index;
    int m;
    std::int64_t x() const { return index; }
    int model() const { return m; }
    template <class F>
    void each_thread(const F& f) const {
      grid.each(kernels::kThreads, [&](std::int64_t t) { f(static_cast<int>(t)); });
    }
  };

  template <class F>
  void each(std::int64_t n, const F& f) const {
    for (std::int64_t i = 0; i < n; ++i) f(backwards_ ? n - 1 - i : i);
  }

  Stream& stream_;
  bool backwards_;
};

}  // namespace fedscape::test
