#pragma once

#include <span>

#include "fedscape/base/rng.hpp"
#include "fedscape/tensor/view.hpp"

namespace fedscape {

/// The batches of M models side by side: of the `size` samples of model m the first counts[m] are real. An op computes
/// the real ones only; the values of the others are unspecified in outputs. An array of [1,B,...] where
/// [M,B,...] is expected is an input that all models share.
struct Batch {
  int models = 1;
  int size = 0;
  std::span<const int> counts;  // [M], each in 0..size

  int count(int m) const { return counts[static_cast<std::size_t>(m)]; }
};

}  // namespace fedscape
