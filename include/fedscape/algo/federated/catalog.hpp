#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "fedscape/algo/federated/penalty.hpp"

namespace fedscape {

/// A row of the table of algorithms: name, source, maker.
struct AlgorithmEntry {
  std::string_view name, source;
  std::unique_ptr<FederatedAlgorithm> (*make)();
};
std::span<const AlgorithmEntry> algorithms();
/// An unknown name is an Error that suggests the nearest one.
std::unique_ptr<FederatedAlgorithm> make_algorithm(std::string_view name);

/// Penalties compose with every algorithm. Those whose weight is not zero take part, in the order of the table: sums of
/// float gradients have other bits in another one.
struct PenaltyEntry {
  std::string_view name, source;
  std::unique_ptr<Penalty> (*make)();
};
std::span<const PenaltyEntry> penalties();

}  // namespace fedscape
