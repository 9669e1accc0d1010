#pragma once

#include <Random123/philox.h>

#include <cmath>
#include <cstdint>
#include <span>
#include <utility>

#include "fedscape/base/host_device.hpp"

namespace fedscape {

/// What a random number is for. Each use has its own, so that no two uses ever share a number. Part of every saved
/// result: values are never renumbered.
enum class Purpose : std::uint8_t {
  partition = 1,
  local_split = 2,
  cohort = 3,
  shuffle = 4,
  crop = 5,
  flip = 6,
  init = 7,
  direction_x = 8,
  direction_y = 9,
  synthetic = 10,
  server = 11,
  test = 12,
  upload_noise = 13,
  neuron_shuffle = 24,
  shuffled_training = 25,
  privacy = 30,
  virtual_features = 40,
  dropout = 128,  // plus the ordinal of the dropout layer, up to 127
};

/// The address of a stream of random numbers. `step` must be below 2^24.
struct RngKey {
  std::uint64_t seed = 0;
  Purpose purpose = Purpose::test;
  std::uint32_t client = 0, round = 0, step = 0;
};

using RngBlock = std::uint32_t[4];

/// Four 32-bit words: Philox4x32-10 (Salmon et al., SC 2011) with key = seed and
/// counter = {client, round, purpose : 8 | step : 24, block}. The same bits on host and device.
FEDSCAPE_HOST_DEVICE inline void philox(const RngKey& key, std::uint32_t block, RngBlock& words) {
  r123::Philox4x32 generator;
  const r123::Philox4x32::ctr_type counter = {
      {key.client, key.round, (static_cast<std::uint32_t>(key.purpose) << 24) | (key.step & 0xffffffu), block}};
  const r123::Philox4x32::key_type seed = {
      {static_cast<std::uint32_t>(key.seed), static_cast<std::uint32_t>(key.seed >> 32)}};
  const r123::Philox4x32::ctr_type result = generator(counter, seed);
  for (int i = 0; i < 4; ++i) words[i] = result[static_cast<unsigned>(i)];
}

/// Uniform in [0,1) with 24 random bits.
FEDSCAPE_HOST_DEVICE inline float uniform_of(std::uint32_t word) {
  return static_cast<float>(word >> 8) * (1.0f / 16777216.0f);
}

/// The index-th number of the stream, uniform in [0,1); index < 2^34.
FEDSCAPE_HOST_DEVICE inline float uniform(const RngKey& key, std::uint64_t index) {
  RngBlock words;
  philox(key, static_cast<std::uint32_t>(index / 4), words);
  return uniform_of(words[index % 4]);
}

/// The index-th number of the stream, standard normal (Box-Muller on words 2i and 2i+1, in double).
float normal(const RngKey& key, std::uint64_t index);
/// out[i] = mean + deviation * normal(key, first + i); first is a multiple of 4.
void fill_normal(const RngKey& key, float mean, float deviation, std::span<float> out, std::uint64_t first = 0);
/// out[i] = low + (high - low) * uniform(key, i).
void fill_uniform(const RngKey& key, float low, float high, std::span<float> out);

/// The numbers of one stream in order, for host code that draws a varying number of them (partitions, shuffles).
class Draws {
 public:
  explicit Draws(const RngKey& key) : key_(key) {}

  std::uint32_t word();
  double uniform();                        // [0,1), 53 bits
  std::int64_t below(std::int64_t bound);  // uniform in 0..bound-1
  double normal();
  /// ln of a Gamma(shape,1) variate (Marsaglia and Tsang, TOMS 2000); finite for every shape > 0, however small.
  double log_gamma_variate(double shape);
  /// Fisher and Yates: every order equally likely.
  template <class T>
  void shuffle(std::span<T> items) {
    for (std::int64_t i = static_cast<std::int64_t>(items.size()) - 1; i > 0; --i)
      std::swap(items[static_cast<std::size_t>(i)], items[static_cast<std::size_t>(below(i + 1))]);
  }

 private:
  RngKey key_;
  std::uint64_t next_ = 0;
  RngBlock words_{};
};

}  // namespace fedscape
