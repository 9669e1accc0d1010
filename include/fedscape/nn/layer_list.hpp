#pragma once

#include <span>

#include "fedscape/nn/zoo.hpp"

namespace fedscape {

/// A network written down as a list of layers, the option `layers` of the network `layers`:
///
///   conv 32 3 pad=1, batch_norm, relu as=a, conv 32 3 pad=1, batch_norm, add a, relu, pool 2, flatten, linear
///
/// Layers stand in the order of the data, with commas between. Each is fed by the one before it, or by the one that
/// from=<name> names; as=<name> gives a layer a name, and the samples are called `input`. `add` and `concatenate` join
/// the layer before them and those they name. Sizes are one number or <y>x<x>. `linear` without a width ends in the
/// classes and must come last. Parameters are named as in nn.Sequential: the layer's place in the list, from 0.
///
/// The kinds of layers, each with what may stand behind it ([] may be left out).
std::span<const ZooEntry> layer_kinds();

}  // namespace fedscape
