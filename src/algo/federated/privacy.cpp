#include "fedscape/algo/federated/privacy.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "fedscape/base/at.hpp"
#include "fedscape/ops/reduce.hpp"
#include "src/algo/federated/gaussian_noise.hpp"

namespace fedscape {

namespace {

constexpr std::int64_t kChunk = 1 << 16;  // numbers that a thread draws at a time
constexpr std::uint32_t kServer = 0xffffffff;
/// With poisson cohorts weights may add up to more than 1; below this bound of the values no sum can overflow.
constexpr double kMostClip = 1024;

RngKey key_of(std::uint64_t seed, std::uint32_t client, std::int64_t round) {
  return {.seed = seed, .purpose = Purpose::privacy, .client = client, .round = static_cast<std::uint32_t>(round)};
}

RenyiCurve curve_of(const PrivacyOptions& options, const CohortOptions& cohort, std::int64_t clients) {
  const double rate = static_cast<double>(cohort.cohort) / static_cast<double>(clients);
  if (options.local) return gaussian_curve(options.noise / 2);
  return cohort.sampling == "poisson" ? poisson_curve(rate, options.noise) : fixed_curve(rate, options.noise / 2);
}

}  // namespace

void PrivacyOptions::options(Fields& f) {
  f.field("clip", clip, "L2 bound of all that a client sends, penalties' parts included; 0: no bound, no noise");
  f.field("noise", noise, "deviation of the Gaussian noise on the sum of uploads, as a multiple of clip");
  f.field("delta", delta, "delta of the (epsilon, delta) reported after every round");
  f.field("local", local, "noise on each upload instead of on the sum; epsilon is then of one client");
}

void PrivacyOptions::check(const CohortOptions& cohort, const LocalOptions& training) const {
  const bool poisson = cohort.sampling == "poisson";
  FEDSCAPE_CHECK(clip >= 0 && std::isfinite(clip), "privacy.clip: 0 or more was expected, not {}", clip);
  FEDSCAPE_CHECK(noise >= 0 && std::isfinite(noise), "privacy.noise: 0 or more was expected, not {}", noise);
  FEDSCAPE_CHECK(delta > 0 && delta < 1, "privacy.delta: a number between 0 and 1 was expected, not {}", delta);
  FEDSCAPE_CHECK(noise == 0 || clip > 0, "privacy.noise: {} times privacy.clip, which is 0 (off)", noise);
  FEDSCAPE_CHECK(!local || noise > 0, "privacy.local: there is no noise to add, as privacy.noise is 0");
  FEDSCAPE_CHECK(noise == 0 || !cohort.replacement,
                 "replacement: a client drawn twice would count twice, which privacy.noise is not made for");
  FEDSCAPE_CHECK((!poisson && (noise == 0 || local)) || training.weights == "uniform",
                 "weights: uniform was expected with privacy.noise or poisson cohorts, not {}", training.weights);
  FEDSCAPE_CHECK(!poisson || !cohort.replacement, "cohort-sampling: poisson does not go with replacement");
  FEDSCAPE_CHECK(!poisson || (active() && clip <= kMostClip),
                 "cohort-sampling: poisson needs a privacy.clip above 0 and up to {}, not {}", kMostClip, clip);
}

Privacy::Privacy(const PrivacyOptions& options, const CohortOptions& cohort, std::int64_t clients, std::int64_t rounds,
                 std::uint64_t seed)
    : options_(options), seed_(seed), curve_(curve_of(options, cohort, clients)), most_{0} {
  if (!options.local) return;
  std::vector<std::int64_t> times(at(clients));
  for (std::int64_t round = 0; round < rounds; ++round) {
    most_.push_back(most_.back());
    for (const ClientId id : sample_cohort(clients, cohort, seed, round).ids)
      most_.back() = std::max(most_.back(), ++times[at(id)]);
  }
}

double Privacy::epsilon(std::int64_t rounds) const {
  FEDSCAPE_CHECK(rounds >= 0 && (!options_.local || rounds < std::ssize(most_)), "epsilon after {} rounds of {}",
                 rounds, std::ssize(most_) - 1);
  return curve_.epsilon(static_cast<double>(options_.local ? most_[at(rounds)] : rounds), options_.delta);
}

double Privacy::clip(Stream& stream, std::span<const View<float>> parts) const {
  // Each float rounding adds at most 2^-24 of a value, and the factor has one of its own.
  constexpr double kBelow = 1 - 0x1p-22;
  double squares = 0;
  for (const View<float>& part : parts) squares += ops::dot(stream, part, part);
  const double norm = std::sqrt(squares);
  if (norm > options_.clip)
    for (const View<float>& part : parts)
      ops::axpby(stream, static_cast<float>(options_.clip / norm * kBelow), part, 0, part);
  return norm;
}

void Privacy::add_noise(Stream& stream, ClientId address, std::int64_t round,
                        std::span<const View<float>> parts) const {
  add_gaussian_noise(stream, key_of(seed_, static_cast<std::uint32_t>(address), round),
                     static_cast<float>(options_.noise * options_.clip), parts);
}

void Privacy::add_noise(Workers& workers, std::int64_t round, double weight, View<float> mean) const {
  std::vector<float> numbers(at(mean.size()));
  const auto deviation = static_cast<float>(options_.noise * options_.clip * weight);
  workers.run((mean.size() + kChunk - 1) / kChunk, [&](Stream&, int, std::int64_t chunk) {
    const std::int64_t begin = chunk * kChunk;
    fill_normal(key_of(seed_, kServer, round), 0, deviation,
                std::span(numbers).subspan(at(begin), at(std::min(kChunk, mean.size() - begin))),
                static_cast<std::uint64_t>(begin));
  });
  const Tensor<float> noise(workers.stream(), mean.shape);
  copy_to_device(workers.stream(), noise.data(), numbers.data(), numbers.size() * sizeof(float));
  ops::axpby(workers.stream(), 1, noise, 1, mean);
}

void Privacy::mend(Stream& stream, const ParamLayout& layout, View<float> global) const {
  if (options_.noise == 0) return;
  for (const ParamSlot& slot : layout.slots()) {
    if (slot.role != ParamRole::statistic || !slot.name.ends_with("running_var")) continue;
    const View<float> variances(global.data + slot.offset, {slot.size()});
    std::vector<float> values = to_host(stream, View<const float>(variances));
    for (float& value : values) value = std::max(value, 0.0f);
    copy_to_device(stream, variances.data, values.data(), values.size() * sizeof(float));
  }
}

}  // namespace fedscape
