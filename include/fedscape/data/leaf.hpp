#pragma once

#include <string>

#include "fedscape/data/dataset.hpp"

namespace fedscape {

/// A split in LEAF's JSON (Caldas et al., 2018): all `<folder>/<split>/*.json`, each with `users`, `num_samples` and
/// `user_data[user].x` (lists of numbers, 784 of them become [28,28,1], others [1,1,F]) and `.y` (class indices).
/// Users are numbered as they appear. classes 0: the largest label plus 1.
Dataset load_leaf(const std::string& folder, Split split, int classes = 0);

}  // namespace fedscape
