#pragma once

#include <utility>

namespace fedscape {

/// Owner of a foreign handle: `Close(handle)` runs once, when the owner dies. `Null` is the value that owns nothing.
template <class T, auto Close, T Null = T{}>
class Handle {
 public:
  Handle() = default;
  explicit Handle(T handle) : handle_(handle) {}
  Handle(Handle&& other) noexcept : handle_(std::exchange(other.handle_, Null)) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Handle() {
    if (handle_ != Null) Close(handle_);
  }
  T get() const { return handle_; }
  explicit operator bool() const { return handle_ != Null; }

 private:
  T handle_ = Null;
};

}  // namespace fedscape
