#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "fedscape/io/hdf5.hpp"
#include "fedscape/io/run_info.hpp"
#include "fedscape/io/safetensors.hpp"
#include "fedscape/nn/layout.hpp"

namespace fedscape {

/// The parameters of a network, params [P], as PyTorch's state dict names and arranges them; batch norms bring their
/// num_batches_tracked (0: nothing here counts them), so that load_state_dict(strict=True) is content.
TensorFile to_state_dict(const ParamLayout& layout, std::span<const float> params);

/// The way back: params [P]. Every slot needs its tensor of floats, of PyTorch's shape, and no tensor may be left over
/// but num_batches_tracked; else one Error, beginning with `source`, lists the first few that are missing, unexpected
/// or of another shape. Two names differ without harm: a prefix "module." on every tensor (a parallel wrapper's), and
/// the name of the classifier ("fc" for "linear"), if all the rest matches.
std::vector<float> from_state_dict(const ParamLayout& layout, const TensorFile& file, const std::string& source);

/// A state dict as the members of a group: one dataset per tensor, with PyTorch's names and shapes.
void write_state_dict(hdf5::Group& group, const TensorFile& file);
TensorFile read_state_dict(const hdf5::Group& group);

/// Writes an HDF5 file with what made the model and its params [P] in the group "model".
void write_model(const std::filesystem::path& path, const RunInfo& info, const ParamLayout& layout,
                 std::span<const float> params);
/// Reads a model from a safetensors file, or from the group "model" of a run file or another HDF5 file.
std::vector<float> read_model(const std::filesystem::path& path, const ParamLayout& layout);

}  // namespace fedscape
