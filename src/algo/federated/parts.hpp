#pragma once

#include <vector>

#include "fedscape/algo/federated/engine.hpp"

namespace fedscape {

/// The algorithm or an active penalty, with its share of the memories and of the upload.
struct Part {
  const Penalty* penalty = nullptr;  // null: the algorithm
  FederatedAlgorithm::Footprint size;
  std::int64_t client = 0, server = 0, upload = 0;  // where its floats begin
};

/// The algorithm first, then the active penalties in their order.
std::vector<Part> parts_of(const Federation& federation);

/// The share of one part of a row [1,n] of floats.
template <class T>
View<T> share_of(const View<T>& row, std::int64_t begin, std::int64_t size) {
  return {row.data + begin, {1, size}};
}

}  // namespace fedscape
