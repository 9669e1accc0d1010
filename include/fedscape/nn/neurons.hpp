#pragma once

#include <span>
#include <string>
#include <vector>

#include "fedscape/nn/network.hpp"

namespace fedscape {

/// The hidden neurons (channels) of a network, 0..size()-1, and what of its parameters belongs to each. Neurons of one
/// group may change places: where everything that belongs to them does, the network computes the same function, but for
/// the order of its sums, unless position encodings tell its neurons apart (pan.hpp).
///
///     W_l <- Pi_l W_l Pi_(l-1)^T,   b_l <- Pi_l b_l,   norm vectors likewise
///
/// A residual sum makes one neuron of the two it adds, so that a residual stream has one Pi and its identity shortcuts
/// stay identities; [OURS] the release of PAN gives each block its own Pi and puts Pi_l Pi_(l-1)^T on the shortcut
/// between, which is no longer a model of the same network that could be stored or averaged. Shortcuts that pad with
/// zeros divide a stream: neurons within and without the narrower one. Neurons that a group norm treats together change
/// places among themselves. What other layers do (Channels::unknown) stays in its place.
class Neurons {
 public:
  static constexpr int kFixed = -1;  // an input, a class, or what may not move

  explicit Neurons(const Network& network);

  struct Group {
    std::string name;          // of the layer that makes them first
    std::vector<int> neurons;  // in increasing order, which is that of their channels
  };
  /// An axis of a parameter: the first of its `split` shape, or the last. That of a slot's last axis follows that of
  /// its first.
  struct Axis {
    int slot;
    bool last;
    std::vector<int> neurons;  // to which each index along it belongs, or kFixed
  };

  const ParamLayout& layout() const { return *layout_; }
  int size() const { return size_; }
  std::span<const Group> groups() const { return groups_; }
  std::span<const Axis> axes() const { return axes_; }
  /// The neuron of each channel of a node's output.
  std::span<const int> of_node(int node) const { return of_node_[static_cast<std::size_t>(node)]; }

  /// The model whose neuron i is the one that was from[i]: params and out [P] in host memory, not overlapping. Also
  /// right for gradients and moments of an optimiser. `from` [size()] must map each group onto itself.
  void permute(std::span<const int> from, std::span<const float> params, std::span<float> out) const;

 private:
  class Wiring;

  const ParamLayout* layout_;
  int size_ = 0;
  std::vector<Group> groups_;
  std::vector<Axis> axes_;
  std::vector<std::vector<int>> of_node_;
};

/// The permutation that undoes `from`.
std::vector<int> inverse(std::span<const int> from);

}  // namespace fedscape
