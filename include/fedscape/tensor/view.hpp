#pragma once

#include <cstdint>
#include <type_traits>
#include <utility>

#include "fedscape/base/check.hpp"
#include "fedscape/base/shape.hpp"

namespace fedscape {

/// A borrowed dense array, innermost axis contiguous. Says nothing about the device; the stream it is used with does.
template <class T>
struct View {
  T* data = nullptr;
  Shape shape;

  View() = default;
  View(T* data_in, Shape shape_in) : data(data_in), shape(shape_in) {}

  std::int64_t size() const { return shape.size(); }
  bool empty() const { return data == nullptr; }
  operator View<const T>() const requires(!std::is_const_v<T>) { return {data, shape}; }
  /// Rows begin..end-1 of the outermost axis.
  View rows(std::int64_t begin, std::int64_t end) const {
    FEDSCAPE_CHECK(0 <= begin && begin <= end && end <= shape[0], "rows {}..{} of {}", begin, end, shape.text());
    const Shape inner = shape.inner();
    return {data + begin * inner.size(), inner.under(end - begin)};
  }
  /// The same elements under another shape.
  View as(Shape other) const {
    FEDSCAPE_CHECK(other.size() == size(), "{} seen as {}", shape.text(), other.text());
    return {data, other};
  }
};

/// One parameter of every model of a stack: model m's values begin at data + m * stride. `data` null: absent.
template <class T>
struct Slot {
  T* data = nullptr;
  std::int64_t stride = 0;

  T* row(std::int64_t m) const { return data ? data + m * stride : nullptr; }
  operator Slot<const T>() const requires(!std::is_const_v<T>) { return {data, stride}; }
};

/// The slot at `offset` of every row of a stack [M,P].
template <class T>
Slot<T> slot(const View<T>& stack, std::int64_t offset) {
  return {stack.data + offset, stack.shape[1]};
}

/// Elements [begin, end) of row m of a stack [M,P], e.g. a run of what is trained.
template <class T>
View<T> part(const View<T>& stack, std::int64_t m, const std::pair<std::int64_t, std::int64_t>& run) {
  return {stack.data + m * stack.shape[1] + run.first, {run.second - run.first}};
}

}  // namespace fedscape
