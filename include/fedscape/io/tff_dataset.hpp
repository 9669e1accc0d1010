#pragma once

#include <string>

#include "fedscape/data/dataset.hpp"

namespace fedscape {

/// TensorFlow Federated's HDF5 (fed_emnist_train.h5, fed_cifar100_test.h5): `examples/<user>/{pixels|image,label}`,
/// pixels [n,y,x] or [n,y,x,channels] as uint8 or floats, labels integers [n]. The split's file is the one .h5 file of
/// the folder whose name holds "train" or "test". Users are numbered by name. classes 0: the largest label plus 1.
Dataset load_tff(const std::string& folder, Split split, int classes = 0);

}  // namespace fedscape
