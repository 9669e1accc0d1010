#pragma once

#include <filesystem>
#include <string>
#include <vector>

/// Pictures by gnuplot: scripts that carry their data, so that each can be edited and run again by itself.
namespace fedscape {

/// One line of a plot; `right`: drawn against the axis on the right. Between low and high, where there are any, lies a
/// band of the curve's colour.
struct Curve {
  std::string title;
  std::vector<double> x, y;  // NaN: no point
  bool right = false;
  std::vector<double> low{}, high{};
};
/// All curves in one picture.
std::string curves_script(const std::string& title, const std::string& x_label, const std::string& left_label,
                          const std::string& right_label, const std::vector<Curve>& curves, const std::string& png);

/// z[iy * nx + ix] over x and y; NaN: no point.
struct Relief {
  std::string title, z_label;
  std::vector<double> x, y, z;
  double top = 0;  // values above are drawn as this
};
/// A filled contour picture and one of the surface in space.
std::string relief_script(const Relief& relief, const std::string& contour_png, const std::string& surface_png);

/// Writes the script to `file` and runs gnuplot on it in the folder of the file. What went wrong, or how to get
/// gnuplot; empty: nothing did. An Error where the script cannot be written.
std::string try_gnuplot(const std::filesystem::path& file, const std::string& script);
/// The same, and what went wrong is an Error.
void run_gnuplot(const std::filesystem::path& file, const std::string& script);

}  // namespace fedscape
