#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fedscape/algo/evaluate.hpp"
#include "fedscape/algo/landscape/plane.hpp"
#include "fedscape/comm/communicator.hpp"

namespace fedscape {

/// Coordinates of a sweep: nx x ny points, x(i) = x0 + i * (x1 - x0) / (nx - 1); ny = 1 is a line at y0.
struct Grid {
  double x0 = -1, x1 = 1, y0 = -1, y1 = 1;
  int nx = 21, ny = 21;

  double x(int ix) const { return nx == 1 ? x0 : x0 + ix * (x1 - x0) / (nx - 1); }
  double y(int iy) const { return ny == 1 ? y0 : y0 + iy * (y1 - y0) / (ny - 1); }
  std::int64_t points() const { return std::int64_t{nx} * ny; }
};
/// "-1:1:51" to lower bound, upper bound and count; an Error says what is wrong with it.
void parse_axis(std::string_view text, double& low, double& high, int& count);

struct Point {
  int ix = 0, iy = 0;
  bool operator==(const Point&) const = default;
};
using Tile = std::vector<Point>;
/// Tiles of up to `size` points, those nearest to the middle of the grid first, so that a partial surface is already
/// useful. Pure.
std::vector<Tile> plan_tiles(const Grid& grid, std::span<const Point> pending, int size);

enum class BatchNormPolicy { frozen, states, recalibrated };

/// Rows m = origin + x(m) * d1 + y(m) * d2 of a tile, params [M,P]: one call of ops::mix.
void perturb(Stream& stream, const Plane& plane, const Grid& grid, std::span<const Point> tile, View<float> params);

/// One data set that a sweep evaluates at every point.
struct SweepData {
  std::string name;  // train or test: prefix of the metric names
  const Dataset* data;
};

/// Takes the metrics of finished points: point by point, on the calling thread of its rank. metrics[s] belongs to split
/// s.
using RecordPoint = std::function<void(Point, std::span<const Metrics>)>;

struct SweepOptions {
  BatchNormPolicy batch_norm = BatchNormPolicy::frozen;
  int models_per_stack = 1;  // points evaluated together by one thread
};

/// Evaluates the pending points of a grid over ranks and threads. Tiles come from a counter shared by all ranks; each
/// point's result depends on the point only. `stop` is polled between tiles: true ends the sweep of this rank early.
/// `recalibrate` is the data that batch-norm statistics are taken from with BatchNormPolicy::recalibrated.
void sweep(Workers& workers, Communicator& comm, const Network& network, const Plane& plane, const Grid& grid,
           std::span<const Point> pending, std::span<const SweepData> splits, const Dataset* recalibrate,
           const SweepOptions& options, const RecordPoint& record, const std::function<bool()>& stop);

}  // namespace fedscape
