#pragma once

#include <string>

#include "fedscape/data/dataset.hpp"

namespace fedscape {

/// Arrays of one's own: `<folder>/<split>.h5`, `.hdf5` or `.safetensors` with `x` (uint8 or floats: [N,features],
/// [N,y,x] or [N,y,x,channels]), `y` (integers [N], class indices) and perhaps `user` (integers [N], the owners).
/// classes 0: the largest label plus 1.
Dataset load_arrays(const std::string& folder, Split split, int classes = 0);

}  // namespace fedscape
