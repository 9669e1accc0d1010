#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fedscape/algo/landscape/sweep.hpp"
#include "fedscape/io/hdf5.hpp"

namespace fedscape {

/// One quantity over the grid of a surface.
struct SurfaceField {
  std::string name, unit;      // train_loss (nats), test_acc (percent)...
  std::vector<double> values;  // [ny][nx]; NaN where unfinished
};

/// A loss surface, or a line where ny = 1. Points lie in the order [iy][ix].
///
/// | object        | shape, type     | content
/// | ------------- | --------------- | -------
/// | / @format     | text            | "fedscape surface 1"
/// | / @order      | text            | "[iy][ix]", or "[ix]" of a line
/// | / @x0, x1, y0, y1 | f64         | bounds of the grid
/// | / @nx, ny     | i64             | points of each axis; ny = 1: a line at y0
/// | / @finished   | i64             | points whose status is 1
/// | xcoordinates  | [nx] f64        | multiples of the first direction
/// | ycoordinates  | [ny] f64        | multiples of the second; not of a line
/// | <split>_loss  | [ny,nx] f64     | mean cross-entropy in nats; @unit; a line has [nx]
/// | <split>_acc   | [ny,nx] f64     | accuracy in percent
/// | <split>_top5, squared, margin, confidence | [ny,nx] f64 | as algo/evaluate.hpp says
/// | status        | [ny,nx] u8      | 1: computed (NaN and infinity are results), 0: not yet
///
/// Names and index order are those that the plotting scripts of loss-landscape read (Li et al., NeurIPS 2018); there a
/// grid that is not square is scrambled and -1 stands for what is missing, here neither.
struct Surface {
  static constexpr std::int64_t kMostPoints = std::int64_t{1} << 24;
  Grid grid;
  std::vector<SurfaceField> fields;
  std::vector<std::uint8_t> status;

  /// Nothing computed yet: the fields of these splits ("train", "test").
  Surface(const Grid& grid, std::span<const std::string> splits);
  Surface() = default;

  std::size_t at(Point p) const {
    return static_cast<std::size_t>(p.iy) * static_cast<std::size_t>(grid.nx) + static_cast<std::size_t>(p.ix);
  }
  /// Enters the metrics of one point; metrics[s] belongs to split s.
  void set(Point p, std::span<const Metrics> metrics);
  std::vector<Point> pending() const;
  std::int64_t finished() const;
  /// The field of this name; an Error suggests another.
  const SurfaceField& field(std::string_view name) const;
};

void write_surface(hdf5::Group& root, const Surface& surface);
/// Every check that a file of unknown origin needs.
Surface read_surface(const hdf5::Group& root);
Surface read_surface(const std::filesystem::path& path);

}  // namespace fedscape
