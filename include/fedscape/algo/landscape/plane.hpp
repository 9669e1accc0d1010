#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "fedscape/base/rng.hpp"
#include "fedscape/device/stream.hpp"
#include "fedscape/nn/layout.hpp"
#include "fedscape/tensor/tensor.hpp"

namespace fedscape {

/// How a direction d is scaled to the origin w, slot by slot (Li, Xu, Taylor, Studer and Goldstein, NeurIPS 2018).
/// filter: d_j * ||w_j|| / (||d_j|| + 1e-10) for each filter j (a row of PyTorch's first axis); layer: d * ||w|| /
/// ||d|| over the slot (0 where d is 0); weight: d * w elementwise; none. Norms are summed in double in PyTorch's
/// order.
enum class Normalize { filter, layer, weight, none };
Normalize parse_normalize(std::string_view name);

/// Origin and up to two directions as rows of basis [3,P] (row 2 zero for a line), on the stream's device. Statistic
/// slots of the directions are zero unless the directions are differences of whole states.
struct Plane {
  Tensor<float> basis;
  bool line = false;
};

/// d ~ N(0,1) for each element of each slot: element i in PyTorch's order of the k-th slot that holds no statistics is
/// number i of the stream `key` with step = k, so neither the layout in memory nor the statistics matter. Then
/// normalised against origin [P]. Slots of one axis (biases, norm parameters) are 0 with ignore_biasbn; without it they
/// are a copy of the origin's, as in the released code, or plain N(0,1) with `none`. Statistics are 0. Host memory.
std::vector<float> random_direction(const ParamLayout& layout, std::span<const float> origin, Normalize normalize,
                                    bool ignore_biasbn, const RngKey& key);
/// model - origin, normalised; slots of one axis, as one filter, or 0 with ignore_biasbn. Statistics are 0, or with
/// `states` the plain difference.
std::vector<float> difference_direction(const ParamLayout& layout, std::span<const float> origin,
                                        std::span<const float> model, Normalize normalize, bool ignore_biasbn,
                                        bool states);
/// origin, x and y [P] in host memory; y empty: a line.
Plane make_plane(Stream& stream, std::span<const float> origin, std::span<const float> x, std::span<const float> y);
/// 64-bit FNV-1a over the bytes of the basis: which plane a surface belongs to.
std::uint64_t fingerprint(Stream& stream, const Plane& plane);

/// Cosine of the angle between two directions; 0 where one of them is zero.
double cosine(std::span<const float> a, std::span<const float> b);

}  // namespace fedscape
