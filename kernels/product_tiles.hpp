#pragma once

#include <algorithm>
#include <array>

#include "kernels/product.hpp"

/// Which tile a product of `rows` rows and `columns` columns is computed in. It decides about speed alone: bits do not
/// depend on it.
namespace fedscape::kernels {

template <class... Tiles>
struct TileList {};

/// For outputs and gradients by inputs: many rows, one for each pixel, and few columns; or, linear, few rows.
using OutputTiles = TileList<Tile<128, 128, 8, 8>, Tile<128, 64, 8, 4>, Tile<64, 64, 4, 4>, Tile<128, 32, 4, 4>,
                             Tile<128, 16, 4, 4>, Tile<128, 8, 4, 4, 8>, Tile<16, 64, 4, 4>>;
/// For gradients by weights: a row for each filter, and many columns.
using WeightTiles = TileList<Tile<128, 128, 8, 8>, Tile<64, 64, 4, 4>, Tile<32, 128, 4, 4>, Tile<32, 64, 4, 4>,
                             Tile<16, 128, 4, 4>, Tile<16, 64, 4, 4>>;

constexpr std::int64_t tiles_in(std::int64_t size, std::int64_t tile) { return (size + tile - 1) / tile; }

/// What a product costs in tiles of one kind.
template <class T>
constexpr std::int64_t cost_in(std::int64_t rows, std::int64_t columns) {
  return tiles_in(rows, T::kRows) * tiles_in(columns, T::kColumns) * T::kCost;
}

/// Calls f with the cheapest of the tiles, the first of equals.
template <class... Tiles, class F>
void with_best_tile(TileList<Tiles...>, std::int64_t rows, std::int64_t columns, F&& f) {
  const std::array costs{cost_in<Tiles>(rows, columns)...};
  const auto best = std::min_element(costs.begin(), costs.end()) - costs.begin();
  std::ptrdiff_t index = 0;
  ((index++ == best ? f(Tiles()) : void()), ...);
}

}  // namespace fedscape::kernels
