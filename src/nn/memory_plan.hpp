#pragma once

#include <cstdint>
#include <vector>

namespace fedscape::nn {

/// Places arrays that live during known intervals of a schedule into one slab, so that arrays which never live together
/// may share memory.
class MemoryPlan {
 public:
  /// An array of `floats` that is needed during the steps first..last; returns its index.
  int add(std::int64_t floats, int first, int last);
  /// Makes sure that array `index` lives during step `when` too.
  void extend(int index, int when);
  /// Chooses offsets: largest array first, each at the lowest place free during its interval.
  void place();

  std::int64_t offset(int index) const { return arrays_[static_cast<std::size_t>(index)].offset; }
  /// Floats of the slab.
  std::int64_t size() const { return size_; }

 private:
  struct Array {
    std::int64_t floats;
    int first, last;
    std::int64_t offset;
  };
  std::vector<Array> arrays_;
  std::int64_t size_ = 0;
};

}  // namespace fedscape::nn
