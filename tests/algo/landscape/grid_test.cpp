#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "fedscape/algo/landscape/sweep.hpp"

namespace fedscape {
namespace {

std::vector<Point> all_points(const Grid& grid) {
  std::vector<Point> points;
  for (int iy = 0; iy < grid.ny; ++iy)
    for (int ix = 0; ix < grid.nx; ++ix) points.push_back({ix, iy});
  return points;
}

TEST(Grid, HasItsBoundsAndTheMiddleExactly) {
  for (const double bound : {0.1, 0.7, 1.0, 3.3, 1e-300})
    for (int n = 3; n < 400; n += 2) {
      const Grid grid{.x0 = -bound, .x1 = bound, .nx = n};
      EXPECT_EQ(grid.x(0), -bound);
      EXPECT_EQ(grid.x(n / 2), 0.0);
      EXPECT_EQ(grid.x(n - 1), bound);
    }
}

TEST(Grid, IsEvenlySpaced) {
  const Grid grid{.x0 = -0.5, .x1 = 1.5, .y0 = 2, .y1 = 3, .nx = 401, .ny = 11};
  for (int i = 0; i < grid.nx; ++i) EXPECT_NEAR(grid.x(i), -0.5 + i * 0.005, 1e-15);  // a few roundings below 2
  for (int i = 0; i < grid.ny; ++i) EXPECT_NEAR(grid.y(i), 2 + i * 0.1, 2e-15);
}

TEST(ParseAxis, ReadsBoundsAndCount) {
  double low = 0, high = 0;
  int count = 0;
  parse_axis("-0.5:1.5e0:401", low, high, count);
  EXPECT_EQ(low, -0.5);
  EXPECT_EQ(high, 1.5);
  EXPECT_EQ(count, 401);
  parse_axis("0.25:0.25:1", low, high, count);
  EXPECT_EQ(low, 0.25);
  EXPECT_EQ(count, 1);
}

TEST(ParseAxis, RefusesWhatIsNoAxis) {
  for (const char* text : {"",          ":",        "::",        "-1:1",       "-1:1:",
                           ":1:51",     "-1:1:51:", "-1:1:51:2", "-1:1:5.5",   "-1 :1:51",
                           "a:b:c",     "-1:1:0",   "-1:1:-3",   "-1:1:1",     "1:1:2",
                           "1:-1:51",   "nan:1:3",  "-inf:1:3",  "-1:1e300:3", "-1:1:99999999999999999999",
                           "-1:1:70000"}) {
    double low = 7, high = 7;
    int count = 7;
    EXPECT_THROW(parse_axis(text, low, high, count), Error) << text;
    EXPECT_EQ(low + high + count, 21) << text;
  }
}

TEST(ParseAxis, SaysWhichAxisAndWhatIsWrong) {
  double low = 0, high = 0;
  int count = 0;
  try {
    parse_axis("1:-1:51", low, high, count);
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "the axis '1:-1:51' must have its lower bound first, and equal bounds only for a single point");
  }
}

TEST(PlanTiles, CoverThePendingPointsOnce) {
  const Grid grid{.nx = 7, .ny = 5};
  std::vector<Point> pending = all_points(grid), planned;
  pending.erase(pending.begin() + 11);
  for (const Tile& tile : plan_tiles(grid, pending, 4)) {
    EXPECT_LE(tile.size(), 4u);
    planned.insert(planned.end(), tile.begin(), tile.end());
  }
  const auto before = [](Point a, Point b) { return std::pair(a.iy, a.ix) < std::pair(b.iy, b.ix); };
  std::sort(planned.begin(), planned.end(), before);
  EXPECT_EQ(planned, pending);
}

TEST(PlanTiles, BeginInTheMiddleAndMoveOutwards) {
  const Grid grid{.nx = 9, .ny = 3};
  const auto tiles = plan_tiles(grid, all_points(grid), 1);
  EXPECT_EQ(tiles.front(), Tile({{4, 1}}));
  double last = 0;
  for (const Tile& tile : tiles) {
    const double distance = std::hypot((tile[0].ix - 4) / 4.0, tile[0].iy - 1.0);
    EXPECT_GE(distance, last);
    last = distance;
  }
}

TEST(PlanTiles, DoNotDependOnTheOrderOfThePendingPoints) {
  const Grid grid{.nx = 6, .ny = 4};
  std::vector<Point> points = all_points(grid);
  const auto tiles = plan_tiles(grid, points, 5);
  std::reverse(points.begin(), points.end());
  EXPECT_EQ(plan_tiles(grid, points, 5), tiles);
}

TEST(PlanTiles, AreNoneWhereNothingIsPending) { EXPECT_TRUE(plan_tiles({}, {}, 8).empty()); }

TEST(BatchNormPolicy, IsReadByNameWithASuggestion) {
  EXPECT_EQ(parse_batch_norm_policy("recalibrated"), BatchNormPolicy::recalibrated);
  try {
    parse_batch_norm_policy("state");
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("did you mean 'states'?"), std::string::npos);
  }
}

}  // namespace
}  // namespace fedscape
