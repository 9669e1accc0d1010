#pragma once

#include <span>
#include <vector>

#include "fedscape/nn/neurons.hpp"

namespace fedscape {

/// Moves neurons as Neurons::permute does, again and again: its memory is made once. The neurons must outlive it.
class NeuronMover {
 public:
  explicit NeuronMover(const Neurons& neurons);
  /// See Neurons::permute.
  void permute(std::span<const int> from, std::span<const float> params, std::span<float> out);

 private:
  /// The indices of an axis by the neuron to which they belong: neuron n has all[first[n]], ..., all[first[n + 1] - 1],
  /// and index i is the nth[i]-th of its own.
  struct Places {
    std::vector<std::int64_t> all, first, nth;
  };
  static Places places_of(const Neurons::Axis& axis, int neurons);
  void check(std::span<const int> from);
  void find_sources(std::size_t axis, std::span<const int> from, std::vector<std::int64_t>& sources) const;

  const Neurons& neurons_;
  std::vector<Places> places_;  // of each axis
  std::vector<std::size_t> group_of_;
  std::vector<bool> taken_;
  std::vector<std::int64_t> rows_, columns_;
};

}  // namespace fedscape
