#pragma once

#include <utility>
#include <vector>

#include "fedscape/device/memory.hpp"
#include "fedscape/device/stream.hpp"
#include "fedscape/tensor/view.hpp"

namespace fedscape {

/// An owned dense array on a stream's device, contents unspecified at first. Made within an ArenaScope it lives in the
/// arena until the scope ends; otherwise it owns its memory.
template <class T>
class Tensor {
 public:
  Tensor() = default;
  Tensor(Stream& stream, Shape shape) : device_(stream.device()), owns_(!stream.arena().in_scope()) {
    const std::size_t bytes = static_cast<std::size_t>(shape.size()) * sizeof(T);
    view_ = {static_cast<T*>(owns_ ? allocate(device_, bytes) : stream.arena().allocate(bytes)), shape};
  }
  Tensor(Tensor&& other) noexcept { swap(other); }
  Tensor& operator=(Tensor&& other) noexcept {
    swap(other);
    return *this;
  }
  ~Tensor() {
    if (owns_) deallocate(device_, view_.data);
  }

  const Shape& shape() const { return view_.shape; }
  T* data() const { return view_.data; }
  std::int64_t size() const { return view_.size(); }
  View<T> view() const { return view_; }
  operator View<T>() const { return view_; }
  operator View<const T>() const { return view_; }

 private:
  void swap(Tensor& other) noexcept {
    std::swap(view_, other.view_);
    std::swap(device_, other.device_);
    std::swap(owns_, other.owns_);
  }
  View<T> view_;
  Device device_;
  bool owns_ = false;
};

/// The elements of a device array on the host.
template <class T>
std::vector<std::remove_const_t<T>> to_host(Stream& stream, View<T> view) {
  std::vector<std::remove_const_t<T>> host(static_cast<std::size_t>(view.size()));
  copy_to_host(stream, host.data(), view.data, host.size() * sizeof(T));
  return host;
}

/// A device array with the elements of a host array.
template <class T>
Tensor<T> to_device(Stream& stream, const std::vector<T>& host, Shape shape) {
  FEDSCAPE_CHECK(shape.size() == static_cast<std::int64_t>(host.size()), "{} elements for {}", host.size(),
                 shape.text());
  Tensor<T> tensor(stream, shape);
  copy_to_device(stream, tensor.data(), host.data(), host.size() * sizeof(T));
  return tensor;
}

}  // namespace fedscape
