#include "fedscape/data/batches.hpp"

#include <algorithm>

#include "fedscape/base/check.hpp"

namespace fedscape {

std::int64_t steps_per_epoch(const BatchOptions& options, std::int64_t n) {
  FEDSCAPE_CHECK(options.batch > 0, "a batch of {} samples", options.batch);
  if (n == 0) return 0;
  const std::int64_t full = n / options.batch;
  if (options.last == BatchOptions::Last::drop) return std::max<std::int64_t>(full, 1);
  return full + (n % options.batch != 0);
}

EpochOrder::EpochOrder(const BatchOptions& options, std::span<const std::int32_t> samples, const RngKey& key)
    : options_(options) {
  restart(samples, key);
}

void EpochOrder::restart(std::span<const std::int32_t> samples, const RngKey& key) {
  samples_ = samples;
  key_ = {key.seed, Purpose::shuffle, key.client, key.round, 0};
  order_.assign(samples.begin(), samples.end());
  epoch_ = -1;
}

void EpochOrder::batch(std::int64_t step, std::vector<std::int32_t>& out) {
  out.clear();
  const auto n = static_cast<std::int64_t>(samples_.size());
  if (n == 0) return;
  const std::int64_t steps = steps_per_epoch(options_, n);
  if (options_.shuffle && step / steps != epoch_) shuffle_for(step / steps);
  const std::int64_t begin = step % steps * options_.batch;
  const std::int64_t end = begin + options_.batch;
  for (std::int64_t i = begin; i < end; ++i) {
    if (i >= n && options_.last != BatchOptions::Last::wrap) break;
    out.push_back(order_[static_cast<std::size_t>(i % n)]);
  }
}

void EpochOrder::shuffle_for(std::int64_t epoch) {
  FEDSCAPE_CHECK(0 <= epoch && epoch < (1 << 24), "epoch {} of one round, at most 2^24 are possible", epoch);
  std::copy(samples_.begin(), samples_.end(), order_.begin());  // from the same start whichever epoch came before
  key_.step = static_cast<std::uint32_t>(epoch);
  Draws(key_).shuffle(std::span(order_));
  epoch_ = epoch;
}

}  // namespace fedscape
