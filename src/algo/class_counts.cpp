#include "fedscape/algo/class_counts.hpp"

#include <limits>

namespace fedscape {

ClassCounts::ClassCounts(int classes)
    : right(static_cast<std::size_t>(classes)), predicted(right.size()), labelled(right.size()) {}

void ClassCounts::add(std::int32_t label, std::int32_t taken_for) {
  ++labelled[static_cast<std::size_t>(label)];
  if (taken_for < 0) return;
  ++predicted[static_cast<std::size_t>(taken_for)];
  right[static_cast<std::size_t>(label)] += taken_for == label;
}

double macro_f1(const ClassCounts& counts) {
  double sum = 0;
  std::int64_t classes = 0;
  for (std::size_t c = 0; c < counts.right.size(); ++c) {
    const std::int64_t occurs = counts.predicted[c] + counts.labelled[c];
    if (occurs == 0) continue;
    sum += 2 * static_cast<double>(counts.right[c]) / static_cast<double>(occurs);
    ++classes;
  }
  return classes > 0 ? 100 * sum / static_cast<double>(classes) : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace fedscape
