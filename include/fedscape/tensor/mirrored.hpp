#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "fedscape/device/memory.hpp"
#include "fedscape/device/mirrors.hpp"
#include "fedscape/device/stream.hpp"

namespace fedscape {

/// A small array that the host writes and that ops take as an array of the host: counts, keys, indices. Where they run
/// on a device they find the copy that push() put there, one for all of them, instead of uploading it each time.
template <class T>
class Mirrored {
 public:
  Mirrored() = default;
  Mirrored(Stream& stream, std::int64_t n) : host_(static_cast<std::size_t>(n)) {
    if (stream.device().kind == DeviceKind::cpu) return;
    const Device device = stream.device();  // not the arena: this lasts
    device_ = {static_cast<T*>(allocate(device, host_.size() * sizeof(T))), [device](T* p) { deallocate(device, p); }};
    mirrors_ = stream.mirrors();
  }
  Mirrored(Mirrored&&) = default;
  Mirrored& operator=(Mirrored&& other) noexcept {
    std::swap(host_, other.host_), std::swap(device_, other.device_), std::swap(mirrors_, other.mirrors_);
    return *this;
  }
  ~Mirrored() {
    if (mirrors_) mirrors_->forget(host_.data());
  }

  std::int64_t size() const { return static_cast<std::int64_t>(host_.size()); }
  std::span<const T> first(std::int64_t n) const { return std::span(host_).first(static_cast<std::size_t>(n)); }
  /// To be written, until the next push(); ops upload what they need of it themselves before that.
  std::span<T> write() {
    if (mirrors_) mirrors_->forget(host_.data());
    return host_;
  }
  /// The first n elements are now what ops are to see of it.
  void push(Stream& stream, std::int64_t n) {
    if (!mirrors_ || n == 0) return;
    const std::size_t bytes = static_cast<std::size_t>(n) * sizeof(T);
    stage_to_device(stream, device_.get(), host_.data(), bytes);
    mirrors_->set(host_.data(), bytes, device_.get());
  }

 private:
  std::vector<T> host_;
  std::shared_ptr<T> device_;
  std::shared_ptr<Mirrors> mirrors_;
};

/// The counts of batches that are the same for all models.
class EvenCounts {
 public:
  EvenCounts() = default;
  EvenCounts(Stream& stream, int models) : counts_(stream, models) {}
  /// [models] n each.
  std::span<const int> of(Stream& stream, int models, int n) {
    if (n != n_) {
      for (int& count : counts_.write()) count = n;
      counts_.push(stream, counts_.size());
      n_ = n;
    }
    return counts_.first(models);
  }

 private:
  Mirrored<int> counts_;
  int n_ = -1;
};

}  // namespace fedscape
