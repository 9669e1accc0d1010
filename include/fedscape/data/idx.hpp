#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "fedscape/data/dataset.hpp"

namespace fedscape {

/// An IDX file of unsigned bytes (LeCun's format: big-endian magic 0, 0, type, axes, then the extents), raw or .gz.
struct IdxArray {
  std::vector<std::int64_t> extents;
  std::vector<std::uint8_t> values;
};
IdxArray read_idx(const std::string& path);

/// Samples [N,y,x], [N,y,x,c] or [N,features] and labels [N] of two IDX files. classes 0: the largest label plus 1.
Dataset load_idx(const std::string& images, const std::string& labels, int classes = 0);

/// The IDX file of a split in a folder: its name holds "images" or "labels", and "train" or one of "t10k" and "test".
struct IdxFiles {
  std::string images, labels;
};
IdxFiles find_idx(const std::string& folder, Split split);

}  // namespace fedscape
