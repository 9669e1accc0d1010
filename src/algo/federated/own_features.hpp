#pragma once

#include <functional>

#include "fedscape/algo/federated/step.hpp"

namespace fedscape {

/// Shows every sample of client m in order, its label and what model params [1,P] makes its features [F], in host
/// memory.
void for_each_sample(Stream& stream, OwnSamples& samples, std::int64_t m, View<const float> params,
                     const std::function<void(std::int32_t label, std::span<const float> features)>& see);

}  // namespace fedscape
