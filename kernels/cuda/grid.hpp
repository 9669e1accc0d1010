#pragma once

#include <algorithm>
#include <cstdint>

#include "fedscape/base/host_device.hpp"
#include "fedscape/ops/batch.hpp"
#include "fedscape/tensor/tensor.hpp"
#include "kernels/rows.hpp"

/// The bodies of CUDA kernels are written for a Grid, without a word of CUDA: DeviceGrid (grid.cuh) launches them, the
/// grid of tests/kernels runs the same code on the host. A grid has
///   stream()                  whose arena lends scratch memory,
///   upload(values, n)         where the grid has the values of a host array until the caller's ArenaScope ends,
///   threads(n, models, f)     f(m, i) for each i < n and m < models, a thread each,
///   blocks(n, models, body)   body(block, shared) for each i < n and m < models, a block of kThreads threads each.
/// A block has x() = i and model() = m; its each_thread(f) calls f(t) for all its threads t and waits for them. What
/// one such phase leaves to the next lies in `shared`, the block's Body::Shared, whose contents are unspecified at
/// first.
namespace fedscape::kernels {

inline constexpr int kThreads = 256;

/// The counts of a batch on the grid.
template <class Grid>
View<const int> upload_counts(const Grid& grid, const Batch& batch) {
  return grid.upload(batch.counts.data(), batch.models);
}

/// f(m, i, j) for element j of model m, if it belongs to a real sample: i in an array [M,B,n], j in a shared one.
template <class F>
struct RealElement {
  const int* counts;
  std::int64_t n, stride;
  F f;
  FEDSCAPE_HOST_DEVICE void operator()(int m, std::int64_t j) const {
    if (j < counts[m] * n) f(m, m * stride + j, j);
  }
};

template <class Grid, class F>
void each_element(const Grid& grid, const Batch& batch, std::int64_t n, const F& f) {
  const ArenaScope scope(grid.stream());
  const View<const int> counts = upload_counts(grid, batch);
  const std::int64_t stride = batch.size * n;
  grid.threads(stride, batch.models, RealElement<F>{counts.data, n, stride, f});
}

/// sums[0] = the sum of all of them: a tree whose order never changes.
template <class Block>
FEDSCAPE_HOST_DEVICE void add_tree(const Block& block, double (&sums)[kThreads]) {
  for (int half = kThreads / 2; half > 0; half /= 2)
    block.each_thread([&](int t) {
      if (t < half) sums[t] += sums[t + half];
    });
}

/// *value = min(*value, other), whichever thread comes first.
FEDSCAPE_HOST_DEVICE inline void lower(int* value, int other) {
#ifdef __CUDA_ARCH__
  atomicMin(value, other);
#else
  *value = std::min(*value, other);
#endif
}

}  // namespace fedscape::kernels
