#pragma once

#include <gtest/gtest.h>

#include "fedscape/io/surface_file.hpp"

/// A surface of 5 x 4 points over two splits, whose values tell points and splits apart.
namespace fedscape::test {

inline SurfaceFile::Content content_of(const Grid& grid) {
  return {.info = {.command = "landscape sweep",
                   .options = {{"x", "-1:1:5"}, {"xnorm", "filter"}, {"threads", "2"}},
                   .free = {"threads"},
                   .seed = 7,
                   .data_hash = 99},
          .grid = grid,
          .splits = {"train", "test"},
          .dir_file = "directions.h5"};
}

inline const Grid kGrid{.x0 = -1, .x1 = 1, .y0 = 0, .y1 = 3, .nx = 5, .ny = 4};

/// Metrics that tell points and splits apart.
inline std::vector<Metrics> metrics_of(Point p) {
  const double value = 100 * p.iy + p.ix;
  return {
      {.loss = 8 * value, .squared = 1, .margin = -value, .confidence = 4, .correct = p.ix, .correct5 = 7, .count = 8},
      {.loss = 4 * (value + 0.1),
       .squared = 2,
       .margin = 1,
       .confidence = 1,
       .correct = p.iy,
       .correct5 = 4,
       .count = 4}};
}

inline void record_all(SurfaceFile& file, std::span<const Point> points) {
  for (const Point p : points) file.record(p, metrics_of(p));
}

inline void expect_complete(const std::filesystem::path& path) {
  const Surface surface = read_surface(path);
  EXPECT_EQ(surface.finished(), surface.grid.points());
  for (int iy = 0; iy < surface.grid.ny; ++iy)
    for (int ix = 0; ix < surface.grid.nx; ++ix) {
      const std::size_t at = surface.at({ix, iy});
      const auto metrics = metrics_of({ix, iy});
      EXPECT_EQ(surface.field("train_loss").values[at], metrics[0].loss / 8);
      EXPECT_EQ(surface.field("test_acc").values[at], 25.0 * iy);
      EXPECT_EQ(surface.field("test_margin").values[at], 0.25);
    }
}

}  // namespace fedscape::test
