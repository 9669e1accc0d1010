#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fedscape/base/shape.hpp"
#include "fedscape/ops/gather.hpp"

namespace fedscape {

enum class Split { train, test };
enum class SampleType { bytes, floats };

/// "train" or "test".
std::string_view name(Split split);

/// Labelled samples, resident: bytes stay bytes and are normalised when gathered. Copies share the samples. Each CUDA
/// device that gathers keeps samples and labels in its own memory. Threads may gather at the same time.
class Dataset {
 public:
  Dataset() = default;
  /// samples N * shape bytes (or floats), labels in 0..classes-1; an Error names `source` where something does not fit.
  Dataset(std::string source, Shape shape, int classes, std::vector<std::uint8_t> samples,
          std::vector<std::int32_t> labels);
  Dataset(std::string source, Shape shape, int classes, std::vector<float> samples, std::vector<std::int32_t> labels);
  /// N = labels.size() samples that somebody else owns and has checked, or none yet (null): see with_samples.
  Dataset(std::string source, Shape shape, int classes, SampleType type, std::shared_ptr<const void> samples,
          std::vector<std::int32_t> labels);

  std::int64_t size() const { return static_cast<std::int64_t>(labels_.size()); }  // N
  const Shape& shape() const { return shape_; }                                    // [y,x,channels]
  int classes() const { return classes_; }                                         // C
  const std::string& source() const { return source_; }
  std::span<const std::int32_t> labels() const { return labels_; }

  /// Natural owner of each sample (writer, speaker), 0..users-1; empty where the data has none.
  std::vector<std::int32_t> users;
  std::vector<std::string> class_names, user_names;  // may be empty
  /// Per channel, in units of the sample (bytes: of 0..1). Default: 0 and 1.
  std::vector<float> mean, deviation;

  /// 64-bit FNV-1a over shape, samples and labels: which data a result belongs to.
  std::uint64_t hash() const;

  /// Normalised samples and labels of `indices` [M,B]; see ops::gather. x [M,B,shape], y [M,B].
  void gather(Stream& stream, const Batch& batch, std::span<const std::int32_t> indices, const ops::Augment& augment,
              std::span<const RngKey> keys, View<float> x, View<std::int32_t> y) const;
  /// The same of one batch: indices [n], x [n,shape], y [n].
  void gather(Stream& stream, std::span<const std::int32_t> indices, const ops::Augment& augment,
              std::span<const RngKey> keys, View<float> x, View<std::int32_t> y) const;
  /// Puts samples and labels where the stream's work can read them, to stay there with this data set and its copies;
  /// the first gather would.
  void settle(Stream& stream) const { here(stream); }

  SampleType type() const { return type_; }
  const void* samples() const { return data_.get(); }
  std::int64_t sample_bytes() const { return size() * shape_.size() * (type_ == SampleType::bytes ? 1 : 4); }
  /// The same data set with its samples in memory that somebody else owns (a window that the ranks of a node share).
  Dataset with_samples(std::shared_ptr<const void> data) const;

 private:
  struct Here {
    const void* samples;
    const std::int32_t* labels;
  };
  /// Where the stream's work reads them.
  Here here(Stream& stream) const;

  std::string source_;
  Shape shape_;
  int classes_ = 0;
  SampleType type_ = SampleType::bytes;
  std::shared_ptr<const void> data_;
  std::vector<std::int32_t> labels_;
  struct Copies;
  std::shared_ptr<Copies> copies_;
};

}  // namespace fedscape
