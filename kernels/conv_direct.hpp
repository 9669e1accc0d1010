#pragma once

#include "kernels/conv_blocks.hpp"

namespace fedscape::kernels {

/// Gradients by the weights of many small groups. A block adds up a piece of the depth for 32 weights, filters side by
/// side, in 8 strips that take turns; the strips are added in their order. Block [piece, 32 weights]; the weights
/// [taps, filters], behind which the biases lie as one more tap.
struct DirectWeights {
  static constexpr int kThreads = 256, kLanes = 32, kStrips = kThreads / kLanes;
  struct Block {
    struct Shared {
      float sums[kStrips][kLanes];
    };
    struct Thread {};
    const DirectWeights* blocks;
    Index first, piece;
    int model;

    template <class Each>
    FEDSCAPE_HOST_DEVICE void run(Shared& shared, Each each) const {
      each([&](Thread&, int id) {
        const auto lane = static_cast<Index>(id % kLanes), strip = static_cast<Index>(id / kLanes);
        shared.sums[strip][lane] = blocks->strip_sum(model, piece, first + lane, strip);
      });
      each([&](Thread&, int id) {
        if (id >= kLanes) return;
        float sum = shared.sums[0][id];
        for (int strip = 1; strip < kStrips; ++strip) sum += shared.sums[strip][id];
        blocks->write(model, piece, first + static_cast<Index>(id), sum);
      });
    }
  };

  ConvWeights p;
  Divisor by_filters, by_group;  // all filters, those of a group
  Index size, blocks_of_piece;   // weights and biases

  explicit DirectWeights(const ConvWeights& problem)
      : p(problem),
        by_filters(p.pieces.filters),
        by_group(p.pieces.filters / p.groups),
        size(p.pieces.size()),
        blocks_of_piece(static_cast<Index>(tiles_in(size, kLanes))) {}

  FEDSCAPE_HOST_DEVICE bool block(Index index, int m, Block& block) const {
    const Index piece = index / blocks_of_piece;
    block = {this, (index - piece * blocks_of_piece) * kLanes, piece, m};
    return p.pieces.has(m, piece);
  }

  FEDSCAPE_HOST_DEVICE float strip_sum(int m, Index piece, Index i, Index strip) const {
    if (i >= size) return 0;
    const Index tap = by_filters.quotient(i), filter = by_filters.rest(i, tap), group = by_group.quotient(filter);
    ConvWeights::Left left;
    ConvWeights::Right right;
    p.operands(m, group, left, right);
    const auto a = left.line(by_group.rest(filter, group));
    const auto b = right.line(tap);
    const bool is_bias = tap == p.pieces.columns;
    const Index begin = piece * p.pieces.length, end = begin + p.pieces.elements(m, piece);
    float sum = 0;
    for (Index k = begin + strip; k < end; k += kStrips)
      sum = std::fma(left.value(a, left.step(k)), is_bias ? 1.0f : right.value(b, right.step(k)), sum);
    return sum;
  }
  FEDSCAPE_HOST_DEVICE void write(int m, Index piece, Index i, float sum) const {
    if (i >= size) return;
    const Index tap = by_filters.quotient(i), filter = by_filters.rest(i, tap);
    const WeightTarget target = p.pieces.target(m, piece, filter, 1);
    if (tap < p.pieces.columns)
      target.dw[tap] = sum;
    else
      target.row_sum(0, sum);
  }
};

}  // namespace fedscape::kernels
