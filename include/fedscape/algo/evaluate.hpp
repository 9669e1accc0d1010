#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "fedscape/algo/class_counts.hpp"
#include "fedscape/comm/communicator.hpp"
#include "fedscape/data/dataset.hpp"
#include "fedscape/device/workers.hpp"
#include "fedscape/nn/network.hpp"
#include "fedscape/ops/loss.hpp"
#include "fedscape/tensor/mirrored.hpp"

namespace fedscape {

/// Sums over samples; divided only when shown.
using Metrics = ops::Score;
Metrics& operator+=(Metrics& sum, const Metrics& term);
/// A metric by name: loss, accuracy (percent), top5 (percent), squared, margin, confidence. NaN where count is 0.
double metric(const Metrics& metrics, std::string_view name);
std::span<const std::string_view> metric_names();

/// An Error unless the network takes samples and classes such as the data set holds.
void check_fits(const Network& network, const Dataset& data);

/// Samples per chunk. Chunk sums are added in chunk order, so a metric has the same bits however the chunks are shared.
inline constexpr std::int64_t kMetricChunk = 256;

/// Evaluates loaded plans chunk by chunk: metrics of M models on `indices` of a data set, the sums of chunk c (samples
/// c*256 to c*256+255 of indices) added in chunk order. An object holds the plan and the batch buffers of one thread.
class Evaluator {
 public:
  Evaluator(Stream& stream, const Network& network, int models, Precision precision = Precision::float32);
  /// Takes the parameters (and batch-norm statistics) of M <= models rows [M,P].
  void load(Stream& stream, View<const float> params);
  /// Overwrites sums, one per model, with those over chunk c of `indices` (empty: all samples in order).
  void chunk(Stream& stream, const Dataset& data, std::span<const std::int32_t> indices, std::int64_t c,
             std::span<Metrics> sums);
  /// Sums over all chunks.
  std::vector<Metrics> all(Stream& stream, const Dataset& data, std::span<const std::int32_t> indices = {});
  /// The same sums of the only model loaded, and what it takes the samples for, added to `classes`.
  Metrics all(Stream& stream, const Dataset& data, std::span<const std::int32_t> indices, ClassCounts& classes);

 private:
  /// As chunk(). `classes`: null, or what the samples are taken for is added.
  void run_chunk(Stream& stream, const Dataset& data, std::span<const std::int32_t> indices, std::int64_t c,
                 std::span<Metrics> sums, ClassCounts* classes);
  void count_classes(Stream& stream, const Dataset& data, const Batch& batch, View<const float> logits,
                     ClassCounts& classes);

  InferencePlan plan_;
  Tensor<float> x_;
  Tensor<std::int32_t> y_, predicted_;
  std::vector<std::int32_t> order_, taken_for_;
  EvenCounts counts_;
  Tensor<Metrics> scores_;
  int models_ = 0, loaded_ = 0;
};

/// Metrics of one model params [P] on a whole data set, chunks shared over ranks and threads, the same bits on every
/// rank. Collective.
Metrics evaluate_sharded(Workers& workers, Communicator& comm, const Network& network, View<const float> params,
                         const Dataset& data, Precision precision = Precision::float32);

/// Replaces the batch-norm statistics in params [M,P] by those of `indices` (empty: all), in fixed batches of `batch`
/// samples, cumulative means: batch b of B_b samples moves them by B_b / (samples seen + B_b) (algorithms.md 1.4). A
/// last batch of one sample, which has no variance, is left out. A network without batch norm is left alone. `between`
/// (may be empty) is called after each batch: a pass over a large data set must not keep other ranks waiting.
class Recalibrator {
 public:
  Recalibrator(Stream& stream, const Network& network, int models, int batch = 128);
  void run(Stream& stream, const Dataset& data, std::span<const std::int32_t> indices, View<float> params,
           const std::function<void()>& between = {});
  std::int64_t floats() const;  // that it holds

 private:
  const Network* network_;
  int batch_;
  std::optional<Tape> tape_;
  Tensor<float> x_;
  Tensor<std::int32_t> y_;
  std::vector<std::int32_t> order_;
  EvenCounts counts_;
  std::vector<float> momentum_;
  std::vector<RngKey> keys_;
};

}  // namespace fedscape
