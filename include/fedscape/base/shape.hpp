#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>

namespace fedscape {

/// Extents of a dense array, outermost first, at most kMaxRank of them; kept inline, so copying one costs nothing.
class Shape {
 public:
  static constexpr int kMaxRank = 6;

  Shape() = default;
  Shape(std::initializer_list<std::int64_t> extents) : Shape(std::span(extents.begin(), extents.size())) {}
  explicit Shape(std::span<const std::int64_t> extents);

  int rank() const { return rank_; }
  std::int64_t operator[](int axis) const { return extents_[static_cast<std::size_t>(axis)]; }
  std::span<const std::int64_t> extents() const { return {extents_.data(), static_cast<std::size_t>(rank_)}; }
  /// Number of elements; 1 for rank 0.
  std::int64_t size() const;
  /// This shape with one more axis in front: {3,4}.under(2) is {2,3,4}.
  Shape under(std::int64_t outermost) const;
  /// This shape without its first `count` axes.
  Shape inner(int count = 1) const;
  /// "[2,3,4]".
  std::string text() const;

  bool operator==(const Shape& other) const = default;

 private:
  std::array<std::int64_t, kMaxRank> extents_{};  // unused ones stay 0, so that == is memberwise
  int rank_ = 0;
};

}  // namespace fedscape
