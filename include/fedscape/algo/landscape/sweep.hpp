#pragma once

#include <cmath>
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

/// Coordinates of a sweep: nx x ny points, evenly spaced with both bounds among them; the middle of symmetric bounds is
/// exactly 0. ny = 1 is a line at y0.
struct Grid {
  double x0 = -1, x1 = 1, y0 = -1, y1 = 1;
  int nx = 21, ny = 21;

  double x(int ix) const { return coordinate(x0, x1, ix, nx); }
  double y(int iy) const { return coordinate(y0, y1, iy, ny); }
  std::int64_t points() const { return std::int64_t{nx} * ny; }
  bool line() const { return ny == 1; }

 private:
  static double coordinate(double low, double high, int i, int count) {
    return count == 1 ? low : std::lerp(low, high, static_cast<double>(i) / (count - 1));
  }
};
/// "-1:1:51" to lower bound, upper bound and count; an Error says what is wrong with it.
void parse_axis(std::string_view text, double& low, double& high, int& count);

struct Point {
  int ix = 0, iy = 0;
  bool operator==(const Point&) const = default;
};
using Tile = std::vector<Point>;
/// Tiles of up to `size` points, those nearest to the middle of the grid first (distances as shares of its width and
/// height), so that a partial surface is already useful. Pure.
std::vector<Tile> plan_tiles(const Grid& grid, std::span<const Point> pending, int size);

/// Where a point's batch-norm statistics come from. frozen: the origin's; states: moved along the directions, which are
/// differences of whole states; recalibrated: taken anew at every point from a data set.
enum class BatchNormPolicy { frozen, states, recalibrated };
BatchNormPolicy parse_batch_norm_policy(std::string_view name);

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
  int models_per_stack = 0;  // points evaluated together by one thread; 0: one, or on a GPU what fits
  Precision precision = Precision::float32;
};

/// Evaluates the pending points of a grid over ranks and threads. Collective; every rank gives the same points. Tiles
/// come from a counter shared by all ranks, each thread's next one is asked for before it begins the current one, and
/// the calling thread lets others' requests through between chunks. A point's result depends on the point only, bit for
/// bit: not on its tile, the size of the stack, rank or thread. `stop` is polled by the calling thread: true ends the
/// sweep of this rank after the tiles under way. `recalibrate` is the data that batch-norm statistics are taken from
/// with BatchNormPolicy::recalibrated, else null.
void sweep(Workers& workers, Communicator& comm, const Network& network, const Plane& plane, const Grid& grid,
           std::span<const Point> pending, std::span<const SweepData> splits, const Dataset* recalibrate,
           const SweepOptions& options, const RecordPoint& record, const std::function<bool()>& stop);

}  // namespace fedscape
