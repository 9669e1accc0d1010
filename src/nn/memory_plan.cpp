#include "src/nn/memory_plan.hpp"

#include <algorithm>
#include <numeric>

namespace fedscape::nn {

int MemoryPlan::add(std::int64_t floats, int first, int last) {
  constexpr std::int64_t kLine = 16;  // floats of a cache line: no two arrays share one
  arrays_.push_back({(floats + kLine - 1) / kLine * kLine, first, last, 0});
  return static_cast<int>(arrays_.size()) - 1;
}

void MemoryPlan::extend(int index, int when) {
  Array& array = arrays_[static_cast<std::size_t>(index)];
  array.first = std::min(array.first, when);
  array.last = std::max(array.last, when);
}

void MemoryPlan::place() {
  std::vector<std::size_t> order(arrays_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return arrays_[a].floats > arrays_[b].floats; });
  std::vector<const Array*> placed, rivals;
  for (const std::size_t index : order) {
    Array& array = arrays_[index];
    rivals.clear();
    for (const Array* other : placed)
      if (other->first <= array.last && array.first <= other->last) rivals.push_back(other);
    std::sort(rivals.begin(), rivals.end(), [](const Array* a, const Array* b) { return a->offset < b->offset; });
    array.offset = 0;
    for (const Array* rival : rivals) {
      if (array.offset + array.floats <= rival->offset) break;
      array.offset = std::max(array.offset, rival->offset + rival->floats);
    }
    size_ = std::max(size_, array.offset + array.floats);
    placed.push_back(&array);
  }
}

}  // namespace fedscape::nn
