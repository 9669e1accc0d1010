#include "fedscape/data/dataset.hpp"

#include <cmath>
#include <limits>
#include <list>
#include <mutex>

#include "fedscape/base/check.hpp"
#include "fedscape/base/hash.hpp"
#include "fedscape/device/memory.hpp"
#include "fedscape/device/profile.hpp"

namespace fedscape {

namespace {

constexpr std::int64_t kMostValues = std::int64_t{1} << 48;  // so that no size in bytes overflows

/// Shape, count and labels fit each other.
void check_labels(const std::string& source, const Shape& shape, int classes, const std::vector<std::int32_t>& labels) {
  FEDSCAPE_CHECK(!labels.empty(), "{}: no samples", source);
  std::int64_t values = static_cast<std::int64_t>(labels.size());
  bool fits = shape.rank() == 3;
  for (const std::int64_t extent : shape.extents())
    fits = fits && extent > 0 && !__builtin_mul_overflow(values, extent, &values) && values < kMostValues;
  FEDSCAPE_CHECK(fits, "{}: {} samples of shape {}, expected [y,x,channels] and fewer than 2^48 values in all", source,
                 labels.size(), shape.text());
  FEDSCAPE_CHECK(classes >= 1, "{}: {} classes", source, classes);
  FEDSCAPE_CHECK(labels.size() <= std::numeric_limits<std::int32_t>::max(), "{}: {} samples, at most 2^31 - 1", source,
                 labels.size());
  for (std::size_t i = 0; i < labels.size(); ++i)
    FEDSCAPE_CHECK(0 <= labels[i] && labels[i] < classes, "{}: label {} of sample {}, expected 0 to {}", source,
                   labels[i], i, classes - 1);
}

template <class T>
std::shared_ptr<const void> share(std::vector<T> values) {
  const auto owner = std::make_shared<const std::vector<T>>(std::move(values));
  return {owner, owner->data()};
}

template <class T>
void check_count(const std::string& source, const Shape& shape, const std::vector<T>& samples,
                 const std::vector<std::int32_t>& labels) {
  const std::int64_t expected = shape.under(static_cast<std::int64_t>(labels.size())).size();
  FEDSCAPE_CHECK(static_cast<std::int64_t>(samples.size()) == expected,
                 "{}: {} values for {} samples of shape {}, expected {}", source, samples.size(), labels.size(),
                 shape.text(), expected);
}

}  // namespace

std::string_view name(Split split) { return split == Split::train ? "train" : "test"; }

/// Samples and labels in the memory of devices.
struct Dataset::Copies {
  struct Copy {
    Device device;
    std::shared_ptr<void> samples, labels;
  };
  std::mutex mutex;
  std::list<Copy> all;  // which stay where they are

  const Copy& on(Stream& stream, const Dataset& data) {
    const Device device = stream.device();
    const std::lock_guard lock(mutex);
    for (const Copy& copy : all)
      if (copy.device == device) return copy;
    const auto put = [&](const void* from, std::size_t bytes) {
      const std::shared_ptr<void> to(allocate(device, bytes), [device](void* p) { deallocate(device, p); });
      copy_to_device(stream, to.get(), from, bytes);
      return to;
    };
    all.push_back({device, put(data.samples(), static_cast<std::size_t>(data.sample_bytes())),
                   put(data.labels_.data(), data.labels_.size() * sizeof(std::int32_t))});
    return all.back();
  }
};

Dataset::Dataset(std::string source, Shape shape, int classes, SampleType type, std::shared_ptr<const void> samples,
                 std::vector<std::int32_t> labels)
    : source_(std::move(source)),
      shape_(shape),
      classes_(classes),
      type_(type),
      data_(std::move(samples)),
      labels_(std::move(labels)),
      copies_(std::make_shared<Copies>()) {
  check_labels(source_, shape_, classes_, labels_);
  mean.assign(static_cast<std::size_t>(shape_[2]), 0.0f);
  deviation.assign(mean.size(), 1.0f);
}

Dataset::Dataset(std::string source, Shape shape, int classes, std::vector<std::uint8_t> samples,
                 std::vector<std::int32_t> labels)
    : Dataset(std::move(source), shape, classes, SampleType::bytes, nullptr, std::move(labels)) {
  check_count(source_, shape_, samples, labels_);
  data_ = share(std::move(samples));
}

Dataset::Dataset(std::string source, Shape shape, int classes, std::vector<float> samples,
                 std::vector<std::int32_t> labels)
    : Dataset(std::move(source), shape, classes, SampleType::floats, nullptr, std::move(labels)) {
  check_count(source_, shape_, samples, labels_);
  for (std::size_t i = 0; i < samples.size(); ++i)
    FEDSCAPE_CHECK(std::isfinite(samples[i]), "{}: sample {} holds {}, expected finite values", source_,
                   static_cast<std::int64_t>(i) / shape_.size(), samples[i]);
  data_ = share(std::move(samples));
}

std::uint64_t Dataset::hash() const {
  const std::span samples(static_cast<const std::byte*>(data_.get()), static_cast<std::size_t>(sample_bytes()));
  std::uint64_t hash = fnv1a(std::as_bytes(shape_.extents()));
  hash = fnv1a(samples, hash);
  return fnv1a(std::as_bytes(std::span(labels_)), hash);
}

Dataset::Here Dataset::here(Stream& stream) const {
  if (stream.device().kind == DeviceKind::cpu) return {data_.get(), labels_.data()};
  const Copies::Copy& copy = copies_->on(stream, *this);
  return {copy.samples.get(), static_cast<const std::int32_t*>(copy.labels.get())};
}

void Dataset::gather(Stream& stream, std::span<const std::int32_t> indices, const ops::Augment& augment,
                     std::span<const RngKey> keys, View<float> x, View<std::int32_t> y) const {
  const int n = static_cast<int>(indices.size());
  gather(stream, {1, n, {&n, 1}}, indices, augment, keys, x.as(x.shape.under(1)), y.as(y.shape.under(1)));
}

void Dataset::gather(Stream& stream, const Batch& batch, std::span<const std::int32_t> indices,
                     const ops::Augment& augment, std::span<const RngKey> keys, View<float> x,
                     View<std::int32_t> y) const {
  const double values = static_cast<double>(x.size());
  const ProfileScope scope(stream, Phase::gather, "", {2 * values, values * (type_ == SampleType::bytes ? 5 : 8)});
  FEDSCAPE_CHECK(data_, "{}: no samples to gather", source_);
  const Here from = here(stream);
  const View<const std::int32_t> labels(from.labels, {size()});
  const Shape all = shape_.under(size());
  if (type_ == SampleType::bytes) {
    const View<const std::uint8_t> samples(static_cast<const std::uint8_t*>(from.samples), all);
    ops::gather(stream, batch, samples, labels, indices, mean, deviation, augment, keys, x, y);
  } else {
    const View<const float> samples(static_cast<const float*>(from.samples), all);
    ops::gather(stream, batch, samples, labels, indices, mean, deviation, augment, keys, x, y);
  }
}

Dataset Dataset::with_samples(std::shared_ptr<const void> data) const {
  Dataset shared = *this;
  shared.data_ = std::move(data);
  shared.copies_ = std::make_shared<Copies>();
  return shared;
}

}  // namespace fedscape
