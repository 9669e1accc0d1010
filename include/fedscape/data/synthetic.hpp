#pragma once

#include <cstdint>

#include "fedscape/base/fields.hpp"
#include "fedscape/data/dataset.hpp"

namespace fedscape {

/// Sizes of generated data. Class of sample i: i mod classes; owner: (i / classes) mod owners, where there are any.
struct SyntheticOptions {
  std::int64_t classes = 10;
  std::int64_t train_samples = 5000, test_samples = 1000;
  std::int64_t owners = 0;     // natural owners, each with a shift of its own; 0: none
  std::int64_t features = 20;  // gaussian: F
  std::int64_t clusters = 1;   // gaussian: clusters per class
  std::int64_t side = 16;      // images: height and width
  std::int64_t channels = 1;   // images
  double noise = 1.0;          // deviation of the noise; that of the signal is 1
  void options(Fields& f);
};

/// x = center[class, cluster] + owner's shift / 2 + noise * n: float samples [1,1,F]; centers, shifts and n standard
/// normal. The clusters of a class are drawn evenly. With several clusters no linear classifier is good.
Dataset gaussian_mixture(const SyntheticOptions& options, Split split, std::uint64_t seed);

/// Images of bytes [side,side,channels]: grey noise, in which a checkered pattern of side/2 x side/2 that its class
/// gave it sits at a random place. What a pixel holds says little, where to look is not known: a network that
/// convolves learns it from few samples.
Dataset planted_images(const SyntheticOptions& options, Split split, std::uint64_t seed);

}  // namespace fedscape
