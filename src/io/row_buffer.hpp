#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "fedscape/io/hdf5.hpp"

namespace fedscape {

/// Rows on their way to the extendible datasets of a group, all of them together: HDF5 takes as long for one row as for
/// thousands, longer than a round of a small federation does.
class RowBuffer {
 public:
  template <hdf5::Element T>
  void add(const std::string& dataset, std::span<const T> row) {
    auto& rows = waiting_.try_emplace(dataset, std::vector<T>()).first->second;
    std::vector<T>& values = std::get<std::vector<T>>(rows);
    values.insert(values.end(), row.begin(), row.end());
    size_ += row.size();
  }
  /// Values that wait.
  std::size_t size() const { return size_; }
  void flush(const hdf5::Group& group) {
    for (auto& of : waiting_)
      std::visit(
          [&]<class T>(std::vector<T>& values) {
            group.dataset(of.first).template append<T>(values);
            values.clear();
          },
          of.second);
    size_ = 0;
  }

 private:
  std::map<std::string, std::variant<std::vector<std::int64_t>, std::vector<double>, std::vector<float>>, std::less<>>
      waiting_;
  std::size_t size_ = 0;
};

}  // namespace fedscape
