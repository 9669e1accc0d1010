#pragma once

#include "kernels/conv_direct.hpp"

/// The bodies of ops/conv.hpp: which blocks compute what.
namespace fedscape::kernels {

inline ConvOutputs outputs_of(const ConvShape& s, Slot<const float> x, Slot<const float> w, Slot<const float> bias,
                              Slot<const float> residual, bool relu, Slot<float> y) {
  const PatchShape patches = patches_of(s);
  const Index windows = patches.rows.windows * patches.columns.windows, groups = static_cast<Index>(s.groups);
  const Index columns = static_cast<Index>(s.filters / s.groups);
  return {windows, patches.elements(), columns, groups, patches, x, w, bias, residual, relu, y};
}

template <class Launch>
void conv_forward_blocks(Launch& launch, const ConvShape& s, const Batch& batch, Slot<const float> x,
                         Slot<const float> w, Slot<const float> bias, Slot<const float> residual, bool relu,
                         Slot<float> y) {
  check_sizes(s, batch);
  if (const auto linear = linear_shape_of(s))
    return linear_forward_blocks(launch, *linear, batch, x, w, bias, residual, relu, y);
  const ConvOutputs p = outputs_of(s, x, w, bias, residual, relu, y);
  if (!is_narrow(s.filters / s.groups, s.groups)) return multiply_outputs(launch, batch, p);
  using Blocks = DirectOutputs<ConvOutputs>;
  if (batch.size > 0 && batch.models > 0)
    launch(Blocks(p, launch.counts()), Blocks::blocks_of(p, batch.size), batch.models);
}

/// One launch of up to kMost classes from `first` on.
template <class Blocks, int kMost, class Launch>
void launch_classes(Launch& launch, const Batch& batch, const std::vector<ConvInputs>& classes, std::size_t first) {
  BlocksOfSeveral<Blocks, kMost> several{};
  std::int64_t blocks = 0;
  several.problem_count = static_cast<int>(std::min<std::size_t>(kMost, classes.size() - first));
  for (int i = 0; i < several.problem_count; ++i) {
    const ConvInputs& p = classes[first + static_cast<std::size_t>(i)];
    several.problems[i] = Blocks(p, launch.counts());
    several.first[i] = static_cast<Index>(blocks);
    blocks += Blocks::blocks_of(p, batch.size);
  }
  launch(several, blocks, batch.models);
}

template <class Blocks, class Launch>
void launch_classes(Launch& launch, const Batch& batch, const std::vector<ConvInputs>& classes) {
  constexpr int kMost = 16;  // strides of up to 4 take one launch
  if (classes.size() == 1) return launch_classes<Blocks, 1>(launch, batch, classes, 0);
  for (std::size_t first = 0; first < classes.size(); first += kMost)
    launch_classes<Blocks, kMost>(launch, batch, classes, first);
}

template <class Launch>
void conv_backward_data_blocks(Launch& launch, const ConvShape& s, const Batch& batch, Slot<const float> dy,
                               Slot<const float> w, Slot<float> dx) {
  check_sizes(s, batch);
  if (const auto linear = linear_shape_of(s)) return linear_backward_data_blocks(launch, *linear, batch, dy, w, dx);
  if (batch.size == 0 || batch.models == 0) return;
  std::vector<ConvInputs> classes;
  for (const ConvClass& pixels : classes_of(s)) classes.emplace_back(s, pixels, dy, w, dx);
  const int columns = s.channels / s.groups;
  if (is_narrow(columns, s.groups)) return launch_classes<DirectOutputs<ConvInputs>>(launch, batch, classes);
  with_output_tile(launch, std::int64_t{batch.size} * classes[0].rows_of_sample, columns,
                   [&]<class T>(T) { launch_classes<OutputBlocks<T, ConvInputs>>(launch, batch, classes); });
}

template <class Launch>
void conv_backward_weights_blocks(Launch& launch, const ConvShape& s, const Batch& batch, Slot<const float> x,
                                  Slot<const float> dy, Slot<float> dw, Slot<float> dbias) {
  check_sizes(s, batch);
  if (const auto linear = linear_shape_of(s))
    return linear_backward_weights_blocks(launch, *linear, batch, x, dy, dw, dbias);
  const PatchShape patches = patches_of(s);
  const auto filters = static_cast<Index>(s.filters), groups = static_cast<Index>(s.groups);
  const WeightPieces all{dw, dbias, filters, patches.elements(), patches.rows.windows * patches.columns.windows};
  const ConvWeights p{groups, patches, x, dy, all};
  constexpr Index kSmall = 128;  // weights of a group, which would leave most of a tile empty
  if (s.groups == 1 || filters / groups * all.columns > kSmall) return multiply_weights(launch, batch, p);
  if (batch.models == 0) return;
  sum_weight_pieces(launch, batch, all, [&](const WeightPieces& pieces) {
    ConvWeights piecewise = p;
    piecewise.pieces = pieces;
    const DirectWeights blocks(piecewise);
    launch(blocks, std::int64_t{blocks.blocks_of_piece} * pieces.pieces, batch.models);
  });
}

}  // namespace fedscape::kernels
