#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "fedscape/nn/layout.hpp"

namespace fedscape {

/// Directions in our layout, [P] each; y empty: a line. `states`: they move batch-norm statistics too.
struct Directions {
  std::vector<float> x, y;
  bool states = false;
};

/// Direction files of loss-landscape (Li et al., NeurIPS 2018): groups xdirection and, for a plane, ydirection; in each
/// the datasets "0", "1", ... float32 with PyTorch's shapes, one for each parameter in the order of parameters()
/// ("weights"), or one for each entry of the state dict ("states"): with running_mean, running_var and the scalar
/// num_batches_tracked of each batch norm, which is ignored. The number of datasets tells which. An Error names the
/// dataset, the parameter it stands for, expectation and finding.
Directions read_directions(const std::filesystem::path& path, const ParamLayout& layout);
/// Replaces the file at `path`; num_batches_tracked is written as 0.
void write_directions(const std::filesystem::path& path, const ParamLayout& layout, const Directions& directions);

}  // namespace fedscape
