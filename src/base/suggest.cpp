#include "fedscape/base/suggest.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "fedscape/base/check.hpp"

namespace fedscape {

namespace {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string suggestion(std::string_view wrong, std::span<const std::string_view> names) {
  if (names.empty()) return "";
  const auto nearest = std::min_element(names.begin(), names.end(), [&](std::string_view a, std::string_view b) {
    return edit_distance(wrong, a) < edit_distance(wrong, b);
  });
  if (edit_distance(wrong, *nearest) <= std::max<std::size_t>(2, wrong.size() / 3))
    return fmt::format("; did you mean '{}'?", *nearest);
  return fmt::format("; possible: {}", fmt::join(names, ", "));
}

void check_choice(std::string_view option, std::string_view value, std::span<const std::string_view> names) {
  FEDSCAPE_CHECK(std::find(names.begin(), names.end(), value) != names.end(), "{} is '{}'{}", option, value,
                 suggestion(value, names));
}

std::size_t choice_of(std::string_view option, std::string_view value, std::span<const std::string_view> names) {
  check_choice(option, value, names);
  return static_cast<std::size_t>(std::find(names.begin(), names.end(), value) - names.begin());
}

}  // namespace fedscape
