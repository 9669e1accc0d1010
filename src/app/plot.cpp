#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "fedscape/io/hdf5_file.hpp"
#include "fedscape/io/shuffle_file.hpp"
#include "fedscape/io/surface.hpp"
#include "src/app/commands.hpp"
#include "src/app/gnuplot.hpp"

namespace fedscape {

namespace {

constexpr std::int64_t kMostPoints = 100'000'000;

/// The columns of a run file by round, those that were measured at all.
std::vector<Curve> read_curves(const std::filesystem::path& path) {
  std::vector<Curve> curves;
  hdf5::read_file(path, [&](const hdf5::Group& file) {
    curves.clear();  // reading may run twice
    const hdf5::Group metrics = file.group("metrics");
    const std::vector<double> rounds = metrics.dataset("round").read<double>(kMostPoints);
    for (const auto& [name, title, right] :
         {std::tuple{"test_accuracy", "test accuracy", true}, std::tuple{"test_loss", "test loss", false},
          std::tuple{"train_loss", "training loss", false}, std::tuple{"personal_accuracy", "personal accuracy", true},
          std::tuple{"personal_client_f1", "macro-F1 of a client", true}}) {
      if (!metrics.has_dataset(name)) continue;
      Curve curve{title, {}, {}, right};
      const std::vector<double> values = metrics.dataset(name).read<double>(kMostPoints);
      for (std::size_t i = 0; i < std::min(values.size(), rounds.size()); ++i) {
        if (!std::isfinite(values[i])) continue;
        curve.x.push_back(rounds[i]);
        curve.y.push_back(values[i]);
      }
      if (!curve.x.empty()) curves.push_back(std::move(curve));
    }
  });
  return curves;
}

/// One metric of a surface file; points that are missing are NaN.
Relief read_relief(const std::filesystem::path& path, const std::string& metric) {
  const Surface surface = read_surface(path);
  Relief relief;
  for (int ix = 0; ix < surface.grid.nx; ++ix) relief.x.push_back(surface.grid.x(ix));
  for (int iy = 0; iy < surface.grid.ny; ++iy) relief.y.push_back(surface.grid.y(iy));
  relief.z = surface.field(metric).values;
  relief.title = relief.z_label = metric + " (" + surface.field(metric).unit + ")";
  return relief;
}

/// Where to cut the picture: what lies above the lowest 90 % of the points would flatten everything else.
double automatic_top(const Relief& relief) {
  std::vector<double> finite;
  for (const double z : relief.z)
    if (std::isfinite(z)) finite.push_back(z);
  FEDSCAPE_CHECK(!finite.empty(), "there is no finished point to draw");
  const auto place = finite.begin() + static_cast<std::ptrdiff_t>(finite.size() * 9 / 10);
  std::nth_element(finite.begin(), place, finite.end());
  return *place;
}

class Plot : public Command {
 public:
  void options(OptionTable& table) override {
    table.group("Pictures (PNG, drawn by gnuplot; the scripts with their data stay beside them)");
    table.field("file", file_,
                "run file (learning curve), surface file (filled contour and 3D, or a line) or shuffle test");
    table.field("metric", metric_, "surface: which one, e.g. test_loss or train_accuracy");
    table.field("top", top_, "surface: larger values are drawn as this; 0: the 90 % quantile of the points");
    table.field("prefix", prefix_, "pictures are <prefix>_curve.png and so on; empty: the file's name without .h5");
    table.positional({"file"});
  }
  void check(OptionTable&) override {
    FEDSCAPE_CHECK(!file_.empty(), "plot: the name of a run file or surface file was expected");
  }
  int run_alone(const OptionTable&) override;

 private:
  void draw_curves(const std::string& prefix);
  void draw_surface(const std::string& prefix);
  void draw_shuffles(const std::string& prefix);
  std::string file_, metric_ = "test_loss", prefix_;
  double top_ = 0;
};

void Plot::draw_curves(const std::string& prefix) {
  const std::vector<Curve> curves = read_curves(file_);
  FEDSCAPE_CHECK(!curves.empty(), "{}: there is no finished round to draw", file_);
  const std::string png = prefix + "_curve.png";
  run_gnuplot(prefix + "_curve.gp", curves_script(std::filesystem::path(file_).stem(), "round", "loss", "accuracy (%)",
                                                  curves, std::filesystem::path(png).filename()));
  fmt::print("{}\n", png);
}

void Plot::draw_surface(const std::string& prefix) {
  Relief relief = read_relief(file_, metric_);
  relief.top = top_ > 0 ? top_ : automatic_top(relief);
  if (relief.y.size() == 1) {
    const std::string png = prefix + "_line.png";
    run_gnuplot(prefix + "_line.gp",
                curves_script(relief.title, "direction 1", relief.z_label, "",
                              {{relief.z_label, relief.x, relief.z, false}}, std::filesystem::path(png).filename()));
    return fmt::print("{}\n", png);
  }
  const std::string contour = prefix + "_contour.png", surface = prefix + "_3d.png";
  run_gnuplot(prefix + "_contour.gp", relief_script(relief, std::filesystem::path(contour).filename(),
                                                    std::filesystem::path(surface).filename()));
  fmt::print("{}\n{}\n", contour, surface);
}

/// Accuracy over the ratio, a curve for each probability.
void Plot::draw_shuffles(const std::string& prefix) {
  ShuffleTable table;
  hdf5::read_file(file_, [&](const hdf5::Group& file) { table = read_shuffle_table(file); });
  std::vector<Curve> curves;
  for (std::size_t p = 0; p < table.probabilities.size(); ++p) {
    Curve curve{fmt::format("probability {}", table.probabilities[p]), table.ratios, {}, false};
    for (std::size_t r = 0; r < table.ratios.size(); ++r) curve.y.push_back(table.accuracy(r, p));
    curves.push_back(std::move(curve));
  }
  const std::string png = prefix + "_shuffle.png";
  run_gnuplot(prefix + "_shuffle.gp", curves_script("accuracy of shuffled models", "shuffle ratio", "accuracy (%)", "",
                                                    curves, std::filesystem::path(png).filename()));
  fmt::print("{}\n", png);
}

int Plot::run_alone(const OptionTable&) {
  bool surface = false, shuffles = false;
  hdf5::read_file(file_, [&](const hdf5::Group& file) {
    surface = file.has_dataset("xcoordinates");
    shuffles = is_shuffle_table(file);
    FEDSCAPE_CHECK(surface || shuffles || file.has_group("metrics"),
                   "{}: neither a run file nor a surface file nor a shuffle test", file_);
  });
  const std::filesystem::path path(file_);
  const std::string prefix = prefix_.empty() ? (path.parent_path() / path.stem()).string() : prefix_;
  if (surface) return draw_surface(prefix), 0;
  shuffles ? draw_shuffles(prefix) : draw_curves(prefix);
  return 0;
}

}  // namespace

std::unique_ptr<Command> make_plot() { return std::make_unique<Plot>(); }

}  // namespace fedscape
