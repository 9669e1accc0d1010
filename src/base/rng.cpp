#include "fedscape/base/rng.hpp"

#include <numbers>

#include "fedscape/base/check.hpp"
#include "fedscape/base/philox_blocks.hpp"

namespace fedscape {

namespace {

constexpr double kTwoPi = 2.0 * std::numbers::pi;

/// Two standard normals from two words; u lies in (0,1], so the logarithm is finite.
std::pair<double, double> box_muller(std::uint32_t first, std::uint32_t second) {
  const double u = (first + 1.0) * 0x1p-32, v = second * 0x1p-32;
  const double radius = std::sqrt(-2.0 * std::log(u));
  return {radius * std::cos(kTwoPi * v), radius * std::sin(kTwoPi * v)};
}

}  // namespace

float normal(const RngKey& key, std::uint64_t index) {
  RngBlock words;
  philox(key, static_cast<std::uint32_t>(index / 4), words);
  const unsigned pair = static_cast<unsigned>(index % 4) & 2u;
  const auto [even, odd] = box_muller(words[pair], words[pair + 1]);
  return static_cast<float>(index % 2 ? odd : even);
}

void fill_normal(const RngKey& key, float mean, float deviation, std::span<float> out, std::uint64_t first) {
  FEDSCAPE_CHECK(first % 4 == 0 && first + out.size() <= (std::uint64_t{1} << 34), "numbers {} to {} of one stream",
                 first, first + out.size());
  for (std::size_t i = 0; i < out.size(); i += 4) {
    RngBlock words;
    philox(key, static_cast<std::uint32_t>((first + i) / 4), words);
    const auto [a, b] = box_muller(words[0], words[1]);
    const auto [c, d] = box_muller(words[2], words[3]);
    const double four[4] = {a, b, c, d};
    for (std::size_t j = 0; j < 4 && i + j < out.size(); ++j)
      out[i + j] = mean + deviation * static_cast<float>(four[j]);
  }
}

void fill_uniform(const RngKey& key, float low, float high, std::span<float> out) {
  FEDSCAPE_CHECK(out.size() <= (std::uint64_t{1} << 34), "{} numbers from one stream", out.size());
  for_each_words(key, std::ssize(out), [&](std::int64_t i, const std::uint32_t* words, auto count) {
    for (int j = 0; j < count; ++j) out[static_cast<std::size_t>(i + j)] = low + (high - low) * uniform_of(words[j]);
  });
}

std::uint32_t Draws::word() {
  if (next_ % 4 == 0) philox(key_, static_cast<std::uint32_t>(next_ / 4), words_);
  return words_[next_++ % 4];
}

double Draws::uniform() {
  const std::uint64_t high = word(), low = word();
  return static_cast<double>((high << 21) ^ (low >> 11)) * 0x1p-53;
}

std::int64_t Draws::below(std::int64_t bound) {
  FEDSCAPE_CHECK(bound > 0, "a random number below {}", bound);
  const std::uint64_t high = word(), bits = (high << 32) | word();
  // The bias of multiply-and-shift is at most bound / 2^64.
  return static_cast<std::int64_t>((static_cast<unsigned __int128>(bits) * static_cast<std::uint64_t>(bound)) >> 64);
}

double Draws::normal() {
  const std::uint32_t first = word();
  return box_muller(first, word()).first;
}

double Draws::log_gamma_variate(double shape) {
  FEDSCAPE_CHECK(shape > 0 && std::isfinite(shape), "a Gamma variate of shape {}", shape);
  // Gamma(a) = Gamma(a+1) U^(1/a): in logarithms, so that a tiny shape gives a large negative number and not 0.
  if (shape < 1) return log_gamma_variate(shape + 1) + std::log1p(-uniform()) / shape;
  const double d = shape - 1.0 / 3.0, c = 1.0 / std::sqrt(9.0 * d);
  while (true) {
    const double x = normal(), v = std::pow(1.0 + c * x, 3);
    if (v > 0 && std::log1p(-uniform()) < 0.5 * x * x + d - d * v + d * std::log(v)) return std::log(d * v);
  }
}

}  // namespace fedscape
