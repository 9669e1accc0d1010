#pragma once

#include <string>

#include "fedscape/data/dataset.hpp"

namespace fedscape {

/// How the 3072 bytes of a record are seen: as three planes of 32x32, which they are, or (pfl) straight as pixels
/// [32,32,3], the mistake of pfl-research's converter, for comparison with results that share it.
enum class CifarLayout { planar, pfl };
enum class CifarKind { cifar10, cifar100 };

/// A split in CIFAR's binary format (Krizhevsky 2009) in a folder: data_batch_1.bin to data_batch_5.bin and
/// test_batch.bin, or train.bin and test.bin (CIFAR-100: the fine labels). Class names where their file is there.
Dataset load_cifar(const std::string& folder, CifarKind kind, Split split, CifarLayout layout = CifarLayout::planar);

}  // namespace fedscape
