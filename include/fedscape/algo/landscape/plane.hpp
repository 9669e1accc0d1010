#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fedscape/base/fields.hpp"
#include "fedscape/base/rng.hpp"
#include "fedscape/nn/network.hpp"

namespace fedscape {

/// How a random direction is scaled to the origin (Li et al., NeurIPS 2018). filter: every filter d_j to the norm of
/// w_j; layer: every tensor; weight: d * w elementwise; none.
enum class Normalize { filter, layer, weight, none };
Normalize parse_normalize(std::string_view name);

/// Origin and up to two directions as rows of basis [3,P] (row 2 zero for a line), on the stream's device. Statistic
/// slots of the directions are zero unless the directions are differences of whole states.
struct Plane {
  Tensor<float> basis;
  bool line = false;
};

/// d ~ N(0,1) per element of each slot in PyTorch's order (so the layout in memory does not matter), normalised slot by
/// slot against origin [P]. ignore_biasbn: biases and norm parameters get 0; otherwise slots of one axis get a copy of
/// the origin's, as in the released code. Host memory.
std::vector<float> random_direction(const ParamLayout& layout, std::span<const float> origin, Normalize normalize,
                                    bool ignore_biasbn, const RngKey& key);
/// model - origin; statistics included only with `states`. Normalised like a random direction unless `none`.
std::vector<float> difference_direction(const ParamLayout& layout, std::span<const float> origin,
                                        std::span<const float> model, Normalize normalize, bool ignore_biasbn,
                                        bool states);
Plane make_plane(Stream& stream, std::span<const float> origin, std::span<const float> x, std::span<const float> y);

/// Cosine of the angle between two directions.
double cosine(std::span<const float> a, std::span<const float> b);

}  // namespace fedscape
