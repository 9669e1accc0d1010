#pragma once

#include "fedscape/algo/federated/step.hpp"

namespace fedscape {

/// Adds weight * (params - anchors) on what is trained to grads [M,P]: the gradient of
/// weight / 2 * ||params - anchors||^2, which the loss does not report. anchors [M,P], or [1,P] for all.
void add_pull(const LocalStep& step, double weight, View<const float> anchors, View<float> grads);

}  // namespace fedscape
