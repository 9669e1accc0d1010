#pragma once

#include "kernels/cuda/sums.hpp"

namespace fedscape::kernels {

/// One block per model: a thread takes every kThreads-th real sample, then the block adds what sample(m, n, b) gave as
/// a tree; sample.finish(m, n, sum) is told the sum, n being the number of real samples.
template <class Sample>
struct ModelSum {
  using Shared = BlockSums;
  const int* counts;
  Sample sample;
  template <class Block>
  FEDSCAPE_HOST_DEVICE void operator()(const Block& block, Shared& shared) const {
    const int m = block.model(), n = counts[m];
    block.each_thread([&](int t) {
      double sum = 0;
      for (int b = t; b < n; b += kThreads) sum += sample(m, n, b);
      shared.sums[t] = sum;
    });
    add_tree(block, shared.sums);
    block.each_thread([&](int t) {
      if (t == 0) sample.finish(m, n, shared.sums[0]);
    });
  }
};

template <class Grid, class Sample>
void model_sums(const Grid& grid, const Batch& batch, const Sample& sample) {
  const ArenaScope scope(grid.stream());
  const View<const int> counts = upload_counts(grid, batch);
  grid.blocks(1, batch.models, ModelSum<Sample>{counts.data, sample});
}

}  // namespace fedscape::kernels
