#pragma once

#include <cstdint>
#include <span>
#include <vector>

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

}  // namespace fedscape
