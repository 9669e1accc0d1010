#include "fedscape/io/surface.hpp"

#include <algorithm>
#include <limits>

#include "fedscape/base/check.hpp"
#include "fedscape/base/suggest.hpp"
#include "fedscape/io/hdf5_file.hpp"

namespace fedscape {
namespace {

constexpr std::string_view kFormat = "fedscape surface 1";
constexpr std::int64_t kMostFields = 10'000;

/// "train_acc": the names that existing plotting scripts read.
std::string field_name(const std::string& split, std::string_view metric) {
  return fmt::format("{}_{}", split, metric == "accuracy" ? "acc" : metric);
}

std::string_view unit_of(std::string_view metric) {
  if (metric == "loss") return "nats";
  if (metric == "accuracy" || metric == "top5") return "percent";
  return "1";
}

Shape shape_of(const Grid& grid) { return grid.line() ? Shape{grid.nx} : Shape{grid.ny, grid.nx}; }

std::string_view order_of(const Grid& grid) { return grid.line() ? "[ix]" : "[iy][ix]"; }

int extent(const hdf5::Group& root, const std::string& name) {
  const std::int64_t count = root.integer(name);
  FEDSCAPE_CHECK(count >= 1 && count <= Surface::kMostPoints, "{}: {} of 1 to {} points expected, found {}",
                 root.where(), name, Surface::kMostPoints, count);
  return static_cast<int>(count);
}

Grid read_grid(const hdf5::Group& root) {
  const Grid grid{root.number("x0"), root.number("x1"),  root.number("y0"),
                  root.number("y1"), extent(root, "nx"), extent(root, "ny")};
  FEDSCAPE_CHECK(grid.points() <= Surface::kMostPoints, "{}: at most {} points expected, found {} x {}", root.where(),
                 Surface::kMostPoints, grid.nx, grid.ny);
  FEDSCAPE_CHECK(root.text("order") == order_of(grid), "{}: points in the order {} expected, found {}", root.where(),
                 order_of(grid), root.text("order"));
  return grid;
}

template <class T>
std::vector<T> read_points(const hdf5::Dataset& dataset, const Grid& grid) {
  FEDSCAPE_CHECK(dataset.shape() == shape_of(grid), "{}: the shape {} of the grid expected, found {}", dataset.where(),
                 shape_of(grid).text(), dataset.shape().text());
  return dataset.read<T>(grid.points());
}

template <class Coordinate>
void write_coordinates(hdf5::Group& root, const std::string& name, int count, Coordinate&& coordinate) {
  std::vector<double> values;
  for (int i = 0; i < count; ++i) values.push_back(coordinate(i));
  root.write<double>(name, {count}, values);
}

}  // namespace

Surface::Surface(const Grid& grid_in, std::span<const std::string> splits)
    : grid(grid_in), status(static_cast<std::size_t>(grid_in.points()), 0) {
  const std::vector<double> missing(status.size(), std::numeric_limits<double>::quiet_NaN());
  for (const std::string& split : splits)
    for (const std::string_view name : metric_names())
      fields.push_back({field_name(split, name), std::string(unit_of(name)), missing});
}

void Surface::set(Point p, std::span<const Metrics> metrics) {
  const std::span<const std::string_view> names = metric_names();
  FEDSCAPE_CHECK(metrics.size() * names.size() == fields.size(), "metrics of {} splits for {} fields", metrics.size(),
                 fields.size());
  FEDSCAPE_CHECK(p.ix >= 0 && p.ix < grid.nx && p.iy >= 0 && p.iy < grid.ny, "point ({},{}) of a grid of {} x {}", p.ix,
                 p.iy, grid.nx, grid.ny);
  for (std::size_t f = 0; f < fields.size(); ++f)
    fields[f].values[at(p)] = metric(metrics[f / names.size()], names[f % names.size()]);
  status[at(p)] = 1;
}

std::vector<Point> Surface::pending() const {
  std::vector<Point> points;
  for (Point p; p.iy < grid.ny; ++p.iy)
    for (p.ix = 0; p.ix < grid.nx; ++p.ix)
      if (status[at(p)] == 0) points.push_back(p);
  return points;
}

std::int64_t Surface::finished() const { return std::count(status.begin(), status.end(), std::uint8_t{1}); }

const SurfaceField& Surface::field(std::string_view name) const {
  std::vector<std::string_view> names;
  for (const SurfaceField& candidate : fields) {
    if (candidate.name == name) return candidate;
    names.push_back(candidate.name);
  }
  fail(fmt::format("the surface has no '{}'{}", name, suggestion(name, names)));
}

void write_surface(hdf5::Group& root, const Surface& surface) {
  const Grid& grid = surface.grid;
  root.set_text("format", std::string(kFormat));
  root.set_text("order", std::string(order_of(grid)));
  root.set_number("x0", grid.x0), root.set_number("x1", grid.x1);
  root.set_number("y0", grid.y0), root.set_number("y1", grid.y1);
  root.set_integer("nx", grid.nx), root.set_integer("ny", grid.ny);
  root.set_integer("finished", surface.finished());
  write_coordinates(root, "xcoordinates", grid.nx, [&](int i) { return grid.x(i); });
  if (!grid.line()) write_coordinates(root, "ycoordinates", grid.ny, [&](int i) { return grid.y(i); });
  for (const SurfaceField& field : surface.fields)
    root.write<double>(field.name, shape_of(grid), field.values).set_text("unit", field.unit);
  root.write<std::uint8_t>("status", shape_of(grid), surface.status);
}

Surface read_surface(const hdf5::Group& root) {
  FEDSCAPE_CHECK(root.has_attribute("format") && root.text("format") == kFormat, "{}: a '{}' expected, found {}",
                 root.where(), kFormat, root.has_attribute("format") ? root.text("format") : "another file");
  Surface surface;
  surface.grid = read_grid(root);
  surface.status = read_points<std::uint8_t>(root.dataset("status"), surface.grid);
  for (const std::uint8_t value : surface.status)
    FEDSCAPE_CHECK(value <= 1, "{}: a status of 0 or 1 expected, found {}", root.where(), value);
  for (const std::string& name : root.names(kMostFields)) {
    if (!root.has_dataset(name)) continue;
    const hdf5::Dataset dataset = root.dataset(name);
    if (dataset.has_attribute("unit"))
      surface.fields.push_back({name, dataset.text("unit"), read_points<double>(dataset, surface.grid)});
  }
  return surface;
}

Surface read_surface(const std::filesystem::path& path) {
  Surface surface;
  hdf5::read_file(path, [&](const hdf5::Group& root) { surface = read_surface(root); });
  return surface;
}

}  // namespace fedscape
