#include <algorithm>
#include <charconv>
#include <cmath>

#include "fedscape/algo/landscape/sweep.hpp"
#include "fedscape/base/suggest.hpp"

namespace fedscape {

namespace {

constexpr int kMostPerAxis = 1 << 16;
constexpr double kFarthest = 1e30;  // coordinates become floats

/// The part of `text` up to the next colon, as a number; `text` moves behind the colon.
template <class T>
T next_number(std::string_view axis, std::string_view& text, bool last) {
  const std::size_t colon = text.find(':');
  const std::string_view part = text.substr(0, colon);
  T value{};
  const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
  FEDSCAPE_CHECK(error == std::errc{} && end == part.data() + part.size() && last == (colon == text.npos),
                 "the axis '{}' is not LOW:HIGH:COUNT, such as -1:1:51", axis);
  text.remove_prefix(last ? text.size() : colon + 1);
  return value;
}

/// Squared distance from the middle, in units of half the grid's width and height.
double eccentricity(const Grid& grid, Point p) {
  const auto offset = [](int i, int count) {
    return count == 1 ? 0.0 : static_cast<double>(2 * i - (count - 1)) / (count - 1);
  };
  const double dx = offset(p.ix, grid.nx), dy = offset(p.iy, grid.ny);
  return dx * dx + dy * dy;
}

}  // namespace

void parse_axis(std::string_view text, double& low, double& high, int& count) {
  std::string_view rest = text;
  const double from = next_number<double>(text, rest, false), to = next_number<double>(text, rest, false);
  const int points = next_number<int>(text, rest, true);
  FEDSCAPE_CHECK(std::abs(from) <= kFarthest && std::abs(to) <= kFarthest,
                 "the bounds of the axis '{}' must be finite and within +-{}", text, kFarthest);
  FEDSCAPE_CHECK(points >= 1 && points <= kMostPerAxis, "the axis '{}' has {} points; 1 to {} are possible", text,
                 points, kMostPerAxis);
  FEDSCAPE_CHECK(points == 1 ? from == to : from < to,
                 "the axis '{}' must have its lower bound first, and equal bounds only for a single point", text);
  low = from, high = to, count = points;
}

BatchNormPolicy parse_batch_norm_policy(std::string_view name) {
  static constexpr std::string_view kNames[] = {"frozen", "states", "recalibrated"};
  const auto* const found = std::find(std::begin(kNames), std::end(kNames), name);
  FEDSCAPE_CHECK(found != std::end(kNames), "unknown batch-norm policy '{}'{}", name, suggestion(name, kNames));
  return static_cast<BatchNormPolicy>(found - std::begin(kNames));
}

std::vector<Tile> plan_tiles(const Grid& grid, std::span<const Point> pending, int size) {
  FEDSCAPE_CHECK(size >= 1, "tiles of {} points", size);
  Tile points(pending.begin(), pending.end());
  std::sort(points.begin(), points.end(), [&](Point a, Point b) {
    const double near = eccentricity(grid, a), far = eccentricity(grid, b);
    return near != far ? near < far : std::pair(a.iy, a.ix) < std::pair(b.iy, b.ix);
  });
  std::vector<Tile> tiles;
  for (std::size_t begin = 0; begin < points.size(); begin += static_cast<std::size_t>(size)) {
    const std::size_t end = std::min(points.size(), begin + static_cast<std::size_t>(size));
    tiles.emplace_back(points.begin() + static_cast<std::ptrdiff_t>(begin),
                       points.begin() + static_cast<std::ptrdiff_t>(end));
  }
  return tiles;
}

}  // namespace fedscape
