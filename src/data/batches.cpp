#include "fedscape/data/batches.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "fedscape/base/check.hpp"
#include "fedscape/base/suggest.hpp"

namespace fedscape {

std::int64_t steps_per_epoch(const BatchOptions& options, std::int64_t n) {
  FEDSCAPE_CHECK(options.batch > 0, "a batch of {} samples", options.batch);
  if (n == 0) return 0;
  const std::int64_t full = n / options.batch;
  if (options.last == BatchOptions::Last::drop) return std::max<std::int64_t>(full, 1);
  return full + (n % options.batch != 0);
}

std::int64_t steps_of(const BatchOptions& options, double epochs, std::int64_t n) {
  // 0.1 * 30 must not lose a step to rounding.
  return static_cast<std::int64_t>(std::floor(epochs * static_cast<double>(steps_per_epoch(options, n)) + 1e-9));
}

void SamplingOptions::options(Fields& f) {
  f.field("batch", batch, "samples of a batch");
  f.field("last_batch", last_batch, "the partial batch at the end of an epoch: keep, drop or wrap");
  f.field("shuffle", shuffle, "a new order of the samples each epoch");
  f.field("crop", crop, "augmentation: random crop after padding by this many pixels; 0: none");
  f.field("flip", flip, "augmentation: horizontal flip with probability 1/2");
}

void SamplingOptions::check() const {
  constexpr std::array<std::string_view, 3> kLastBatches = {"keep", "drop", "wrap"};
  FEDSCAPE_CHECK(batch >= 1 && batch <= 1 << 20, "batch = {}; 1 to 1048576 are possible", batch);
  FEDSCAPE_CHECK(crop >= 0 && crop <= 1024, "crop = {}; 0 to 1024 pixels are possible", crop);
  check_choice("last_batch", last_batch, kLastBatches);
}

BatchOptions SamplingOptions::batches() const {
  BatchOptions options;
  options.batch = static_cast<int>(batch);
  if (last_batch == "drop") options.last = BatchOptions::Last::drop;
  if (last_batch == "wrap") options.last = BatchOptions::Last::wrap;
  options.shuffle = shuffle;
  options.augment = {static_cast<int>(crop), flip};
  return options;
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

BatchFeed::BatchFeed(const Dataset& data, const BatchOptions& options, std::span<const std::int32_t> samples,
                     const RngKey& key)
    : data_(&data), options_(options), order_(options, samples, key) {
  restart(samples, key);
}

void BatchFeed::restart(std::span<const std::int32_t> samples, const RngKey& key) {
  order_.restart(samples, key);
  key_ = {key.seed, Purpose::crop, key.client, key.round, 0};
  const auto batch = static_cast<std::size_t>(options_.batch);
  const std::size_t largest = options_.last == BatchOptions::Last::wrap ? batch : std::min(batch, samples.size());
  indices_.reserve(largest);
  if (options_.augment.pad > 0 || options_.augment.flip) sample_keys_.resize(largest, key_);
}

void BatchFeed::address(std::int64_t step, std::span<RngKey> keys) const {
  const std::int64_t first = step * options_.batch;
  for (std::size_t b = 0; b < keys.size(); ++b) {
    keys[b] = key_;
    keys[b].step = static_cast<std::uint32_t>(first + static_cast<std::int64_t>(b));
  }
}

int BatchFeed::next(std::int64_t step, std::span<std::int32_t> indices, std::span<RngKey> keys) {
  order_.batch(step, indices_);
  const std::size_t n = indices_.size();
  FEDSCAPE_CHECK(n <= indices.size() && (keys.empty() || n <= keys.size()), "a batch of {} samples; room for {}", n,
                 indices.size());
  std::copy(indices_.begin(), indices_.end(), indices.begin());
  address(step, keys.first(std::min(n, keys.size())));
  return static_cast<int>(n);
}

int BatchFeed::gather(Stream& stream, std::int64_t step, View<float> x, View<std::int32_t> y) {
  order_.batch(step, indices_);
  const auto keys = std::span(sample_keys_).first(std::min(indices_.size(), sample_keys_.size()));
  address(step, keys);
  const std::int64_t n = std::ssize(indices_);
  data_->gather(stream, indices_, options_.augment, keys, x.rows(0, n), y.rows(0, n));
  return static_cast<int>(n);
}

}  // namespace fedscape
