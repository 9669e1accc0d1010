#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "fedscape/base/fields.hpp"
#include "fedscape/data/dataset.hpp"

namespace fedscape {

/// How one client walks through its samples.
struct BatchOptions {
  int batch = 50;                                          // samples of a full batch
  enum class Last { keep, drop, wrap } last = Last::keep;  // the partial batch at the end of an epoch
  bool shuffle = true;                                     // a new order each epoch
  ops::Augment augment;
};

/// Steps of one epoch over n samples; at least 1 where n > 0 (a client smaller than a batch always gets its one batch).
std::int64_t steps_per_epoch(const BatchOptions& options, std::int64_t n);
/// Steps of `epochs` epochs, fractions of a step cut off.
std::int64_t steps_of(const BatchOptions& options, double epochs, std::int64_t n);

/// The same as options of local and of central training.
struct SamplingOptions {
  std::int64_t batch = 50;
  std::string last_batch = "keep";  // keep, drop, wrap
  bool shuffle = true;
  std::int64_t crop = 0;  // augmentation: random crop with this padding
  bool flip = false;      // augmentation: horizontal flip
  void options(Fields& f);
  /// An Error says which option is out of its range.
  void check() const;
  BatchOptions batches() const;
};

/// The indices of batch `step` (counted over all epochs from 0) of a client that holds `samples`; a function of the
/// key's seed, client and round and of the step only, so that training can start anywhere. Appends to `out` (cleared
/// first). `samples` must outlive the object. A batch that wraps goes on with the first samples of its own epoch.
class EpochOrder {
 public:
  EpochOrder(const BatchOptions& options, std::span<const std::int32_t> samples, const RngKey& key);
  /// Turns to another client or round, in the memory of the last one.
  void restart(std::span<const std::int32_t> samples, const RngKey& key);
  void batch(std::int64_t step, std::vector<std::int32_t>& out);

 private:
  void shuffle_for(std::int64_t epoch);
  BatchOptions options_;
  std::span<const std::int32_t> samples_;
  RngKey key_;
  std::vector<std::int32_t> order_;
  std::int64_t epoch_ = -1;
};

/// The batches of one client, whose samples are augmented by keys of their own: what step s sees is a function of the
/// key's seed, client and round and of s only. Data and samples must outlive the object. A step allocates nothing.
class BatchFeed {
 public:
  BatchFeed(const Dataset& data, const BatchOptions& options, std::span<const std::int32_t> samples, const RngKey& key);
  /// Turns to another client or round, in the memory of the last one.
  void restart(std::span<const std::int32_t> samples, const RngKey& key);
  /// Which samples batch `step` has: writes their indices and, unless `keys` is empty, the keys that augment them, and
  /// returns how many there are. The steps of a round hold fewer than 2^24 samples.
  int next(std::int64_t step, std::span<std::int32_t> indices, std::span<RngKey> keys);
  /// Writes batch `step` to the first rows of x [B,sample] and y [B] and returns how many samples it has.
  int gather(Stream& stream, std::int64_t step, View<float> x, View<std::int32_t> y);

 private:
  /// The keys of the first samples of batch `step`.
  void address(std::int64_t step, std::span<RngKey> keys) const;

  const Dataset* data_;
  BatchOptions options_;
  EpochOrder order_;
  RngKey key_;
  std::vector<std::int32_t> indices_;
  std::vector<RngKey> sample_keys_;  // empty: nothing is augmented
};

}  // namespace fedscape
