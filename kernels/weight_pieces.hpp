#pragma once

#include "fedscape/ops/batch.hpp"
#include "fedscape/tensor/tensor.hpp"
#include "kernels/element_blocks.hpp"
#include "kernels/product_operands.hpp"
#include "kernels/product_tiles.hpp"

/// Gradients by weights are sums over all pixels of all samples: cut into pieces of a fixed length, which blocks add up
/// by themselves, and the pieces' sums are added in their order. The length depends on the shape of the weights alone,
/// so neither the number of models nor the size of the batch changes a bit.
namespace fedscape::kernels {

/// Pieces are at least as long as a filter is: their sums take no more memory than the outputs' gradients do.
constexpr Index piece_length(Index columns) { return std::max<Index>(1024, (columns + 15) / 16 * 16); }

struct WeightPieces {
  Slot<float> dw, dbias;   // dw [filters, columns], dbias [filters] or absent
  Index filters, columns;  // of all groups
  Index positions;         // of a sample, each of which is one element of the depth
  const int* counts = nullptr;
  Index length = 0, pieces = 0;  // pieces of a whole batch
  float* sums = nullptr;         // [M, pieces, size()], null where there is one piece

  FEDSCAPE_HOST_DEVICE Index weights() const { return filters * columns; }
  FEDSCAPE_HOST_DEVICE Index size() const { return weights() + (dbias.data ? filters : 0); }
  FEDSCAPE_HOST_DEVICE Index depth(int m) const { return static_cast<Index>(counts[m]) * positions; }
  /// Whether model m has anything to do for this piece; one piece alone is written even if it is empty.
  FEDSCAPE_HOST_DEVICE bool has(int m, Index piece) const { return pieces == 1 || piece * length < depth(m); }
  /// Elements of the depth in a piece that model m has.
  FEDSCAPE_HOST_DEVICE Index elements(int m, Index piece) const {
    const Index left = depth(m) - piece * length;
    return left < length ? left : length;
  }
  /// Where the sums of some filters go.
  FEDSCAPE_HOST_DEVICE WeightTarget target(int m, Index piece, Index first, Index count) const {
    float* weights_of = row_of(dw, m);
    float* biases_of = row_of(dbias, m);
    if (sums) {
      weights_of = sums + (static_cast<std::int64_t>(m) * pieces + piece) * size();
      if (biases_of) biases_of = weights_of + weights();
    }
    weights_of += first * columns;
    if (biases_of) biases_of += first;
    return {weights_of, biases_of, columns % 4 == 0 && holds_quads(weights_of), count, columns};
  }
};

/// The sum of the pieces of one weight or bias.
struct AddPieces {
  WeightPieces pieces;
  FEDSCAPE_HOST_DEVICE Index size() const { return pieces.size(); }
  FEDSCAPE_HOST_DEVICE void operator()(int m, Index i) const {
    const Index weights = pieces.weights();
    const float* from = pieces.sums + static_cast<std::int64_t>(m) * pieces.pieces * size() + i;
    float sum = 0;
    for (Index piece = 0; piece < pieces.pieces && pieces.has(m, piece); ++piece, from += size())
      sum = piece == 0 ? *from : sum + *from;
    *(i < weights ? row_of(pieces.dw, m) + i : row_of(pieces.dbias, m) + (i - weights)) = sum;
  }
};

/// Calls add_up(pieces) for the sums of all pieces, blocks of models times `pieces`, and adds them.
template <class Launch, class F>
void sum_weight_pieces(Launch& launch, const Batch& batch, WeightPieces pieces, F&& add_up) {
  const std::int64_t depth = batch.size * static_cast<std::int64_t>(pieces.positions);
  index_of(std::max(depth * pieces.filters, std::int64_t{pieces.filters} * pieces.columns + pieces.filters));
  pieces.counts = launch.counts();
  pieces.length = piece_length(pieces.columns);
  pieces.pieces = static_cast<Index>(std::max<std::int64_t>(1, tiles_in(depth, pieces.length)));
  if (pieces.pieces == 1) return add_up(pieces);
  const Tensor<float> sums(launch.stream(), {batch.models, pieces.pieces, pieces.size()});
  pieces.sums = sums.data();
  add_up(pieces);
  launch_elements(launch, AddPieces{pieces}, batch.models);
}

}  // namespace fedscape::kernels
