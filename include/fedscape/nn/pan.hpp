#pragma once

#include <memory>
#include <string>

#include "fedscape/base/fields.hpp"
#include "fedscape/nn/layer.hpp"

namespace fedscape {

/// Position-aware neurons (Li, Xu, Song, Li, Li, Shao and Zhan, "Federated Learning with Position-Aware Neurons", CVPR
/// 2022): the neurons (channels) j = 0..J-1 of a hidden layer are told where they stand, so that they cannot change
/// places without changing the network's function, and those of clients stay aligned:
///
///     kind = add:   a_j <- a_j + A sin(2 pi T j / J)
///     kind = mul:   a_j <- a_j * (1 + A sin(2 pi T j / J))
///
/// for the first floor(ratio * J) of them, on the pre-activation (position = before), or behind the activation
/// (after). A is the amplitude, T the period. Fixed numbers without parameters, the same in every layer but the output.
/// Where there is a batch or group norm they stand behind it, else an added constant would be averaged away. ResNets
/// encode both convolutions of a block and the shortcut's, not the stem, all before the activation. With kind = none,
/// amplitude = 0 or ratio = 0 the network is the one without: no node is added.
struct PanOptions {
  std::string kind = "none";
  double amplitude = -1;  // -1: the authors' weakest, 0.15 to add and 0.05 to multiply
  double period = 1, ratio = 1;
  std::string position = "before";
  void options(Fields& f);
  /// An Error says which option is out of its range.
  void check() const;
  bool active() const;
};

/// The layer that encodes positions. options.active().
std::unique_ptr<Layer> position_encoding(const PanOptions& options);

}  // namespace fedscape
