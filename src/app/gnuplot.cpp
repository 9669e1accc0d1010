#include "src/app/gnuplot.hpp"

#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstring>

#include "fedscape/base/check.hpp"
#include "fedscape/io/atomic_file.hpp"

extern char** environ;

namespace fedscape {

namespace {

constexpr const char* kTerminal = "set terminal pngcairo size 1100,800 font 'DejaVu Sans,13'\n";

/// Text within single quotes of a script, enhanced-text characters made plain.
std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'') result += '\'';
    if (c == '_' || c == '^' || c == '{' || c == '}' || c == '@' || c == '&' || c == '~') result += '\\';
    result += c >= ' ' ? c : ' ';
  }
  return result + "'";
}

std::string file_name(const std::string& path) {
  std::string result = "'";
  for (const char c : path) result += c == '\'' ? "''" : std::string(1, c);
  return result + "'";
}

std::string number(double value) { return std::isnan(value) ? "NaN" : fmt::format("{}", value); }

std::string relief_data(const Relief& relief) {
  std::string out = "$relief << EOD\n";
  for (std::size_t iy = 0; iy < relief.y.size(); ++iy) {
    for (std::size_t ix = 0; ix < relief.x.size(); ++ix) {
      const double z = relief.z[iy * relief.x.size() + ix];
      out += fmt::format("{} {} {}\n", relief.x[ix], relief.y[iy], number(z > relief.top ? relief.top : z));
    }
    out += "\n";
  }
  return out + "EOD\n";
}

}  // namespace

std::string curves_script(const std::string& title, const std::string& x_label, const std::string& left_label,
                          const std::string& right_label, const std::vector<Curve>& curves, const std::string& png) {
  std::string out = fmt::format("{}set output {}\nset datafile missing 'NaN'\nset title {}\nset xlabel {}\n", kTerminal,
                                file_name(png), quoted(title), quoted(x_label));
  out += fmt::format("set ylabel {}\nset grid\nset key above\n", quoted(left_label));
  if (!right_label.empty()) out += fmt::format("set y2label {}\nset y2tics\nset ytics nomirror\n", quoted(right_label));
  for (std::size_t i = 0; i < curves.size(); ++i) {
    out += fmt::format("$curve{} << EOD\n", i);
    for (std::size_t k = 0; k < curves[i].x.size(); ++k) {
      out += fmt::format("{} {}", curves[i].x[k], number(curves[i].y[k]));
      if (!curves[i].low.empty()) out += fmt::format(" {} {}", number(curves[i].low[k]), number(curves[i].high[k]));
      out += "\n";
    }
    out += "EOD\n";
  }
  std::string items;
  const auto add = [&](const std::string& item) { items += (items.empty() ? "plot " : ", \\\n     ") + item; };
  for (std::size_t i = 0; i < curves.size(); ++i)
    if (!curves[i].low.empty())
      add(fmt::format(
          "$curve{} using 1:3:4 with filledcurves fs transparent solid 0.15 noborder lt {} axes x1y{} notitle", i,
          i + 1, curves[i].right ? 2 : 1));
  for (std::size_t i = 0; i < curves.size(); ++i)
    add(fmt::format("$curve{} using 1:2 with linespoints lt {} lw 2 pt 7 ps 0.6 axes x1y{} title {}", i, i + 1,
                    curves[i].right ? 2 : 1, quoted(curves[i].title)));
  return out + items + "\n";
}

std::string relief_script(const Relief& relief, const std::string& contour_png, const std::string& surface_png) {
  std::string out = kTerminal + relief_data(relief);
  out += fmt::format("set datafile missing 'NaN'\nset xlabel 'direction 1'\nset ylabel 'direction 2'\nset cblabel {}\n",
                     quoted(relief.z_label));
  out += fmt::format(
      "set title {}\nset palette defined (0 '#440154', 1 '#414487', 2 '#2a788e', 3 '#22a884', 4 '#7ad151', 5 "
      "'#fde725')\nset xrange [{}:{}]\nset yrange [{}:{}]\n",
      quoted(relief.title), relief.x.front(), relief.x.back(), relief.y.front(), relief.y.back());
  // Bands of 20 colours, a line between any two of them.
  out += fmt::format(
      "set output {}\nset view map\nset size ratio -1\nset pm3d interpolate 5,5\nset palette maxcolors 20\n"
      "set contour base\nset cntrparam cubicspline levels auto 20\nset cntrlabel onecolor\nunset key\n"
      "splot $relief using 1:2:3 with pm3d, $relief using 1:2:3 with lines lc rgb '#40000000' lw 0.6 nosurface\n",
      file_name(contour_png));
  out += fmt::format(
      "set output {}\nset view 55,35\nset size noratio\nunset contour\nset palette maxcolors 0\nset zlabel {} rotate\n"
      "set pm3d interpolate 3,3 depthorder lighting\nset ticslevel 0.1\nset grid\n"
      "splot $relief using 1:2:3 with pm3d\n",
      file_name(surface_png), quoted(relief.z_label));
  return out;
}

std::string try_gnuplot(const std::filesystem::path& file, const std::string& script) {
  replace_file(file, std::as_bytes(std::span(script)));
  const std::string name = file.filename().string(), folder = file.parent_path().empty() ? "." : file.parent_path();
  std::string program = "gnuplot", argument = "./" + name;
  char* const words[] = {program.data(), argument.data(), nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
  pid_t child = 0;
  const int error = posix_spawnp(&child, program.c_str(), &actions, nullptr, words, environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0)
    return fmt::format("cannot run gnuplot ({}); install it (Debian: gnuplot-nox) and run: gnuplot {}",
                       std::strerror(error), file.string());
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  return status == 0 ? "" : fmt::format("gnuplot could not draw {}; its message is above", file.string());
}

void run_gnuplot(const std::filesystem::path& file, const std::string& script) {
  const std::string wrong = try_gnuplot(file, script);
  FEDSCAPE_CHECK(wrong.empty(), "{}", wrong);
}

}  // namespace fedscape
