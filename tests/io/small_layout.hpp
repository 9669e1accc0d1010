#pragma once

#include <numeric>
#include <vector>

#include "fedscape/nn/layout.hpp"

namespace fedscape::test {

/// A convolution, a batch norm's statistics and a classifier behind a flattened map of 1 x 2 points, 2 channels.
inline ParamLayout small_layout() {
  ParamLayout layout;
  const auto add = [&](const char* name, Shape ours, Shape torch, Shape split, std::vector<int> permutation) {
    ParamSlot slot;
    slot.name = name;
    slot.shape = ours;
    slot.torch_shape = torch;
    slot.split = split;
    slot.torch_permutation = std::move(permutation);
    if (slot.name.starts_with("linear")) slot.group = ParamGroup::classifier;
    layout.add(slot);
  };
  add("conv.weight", {2, 1, 2, 3}, {2, 3, 1, 2}, {2, 1, 2, 3}, {0, 3, 1, 2});
  add("bn.running_mean", {2}, {2}, {2}, {0});
  add("bn.running_var", {2}, {2}, {2}, {0});
  add("linear.weight", {2, 4}, {2, 4}, {2, 1, 2, 2}, {0, 3, 1, 2});
  add("linear.bias", {2}, {2}, {2}, {0});
  return layout;
}

/// Parameters 0, 1, 2, ...
inline std::vector<float> counted(const ParamLayout& layout) {
  std::vector<float> params(static_cast<std::size_t>(layout.size()));
  std::iota(params.begin(), params.end(), 0.0f);
  return params;
}

}  // namespace fedscape::test
