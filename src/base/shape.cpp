#include "fedscape/base/shape.hpp"

#include <fmt/ranges.h>

#include <algorithm>

#include "fedscape/base/check.hpp"

namespace fedscape {

Shape::Shape(std::span<const std::int64_t> extents) : rank_(static_cast<int>(extents.size())) {
  FEDSCAPE_CHECK(extents.size() <= kMaxRank, "a shape has at most {} axes, not {}", kMaxRank, extents.size());
  for (const std::int64_t extent : extents) FEDSCAPE_CHECK(extent >= 0, "an extent of {} in a shape", extent);
  std::copy(extents.begin(), extents.end(), extents_.begin());
}

std::int64_t Shape::size() const {
  std::int64_t size = 1;
  for (const std::int64_t extent : extents()) size *= extent;
  return size;
}

Shape Shape::under(std::int64_t outermost) const {
  std::array<std::int64_t, kMaxRank + 1> extents{outermost};
  std::copy_n(extents_.begin(), rank_, extents.begin() + 1);
  return Shape(std::span<const std::int64_t>(extents.data(), static_cast<std::size_t>(rank_) + 1));
}

Shape Shape::inner(int count) const { return Shape(extents().subspan(static_cast<std::size_t>(count))); }

std::string Shape::text() const { return fmt::format("[{}]", fmt::join(extents(), ",")); }

}  // namespace fedscape
