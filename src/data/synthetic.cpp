#include "fedscape/data/synthetic.hpp"

#include <algorithm>
#include <cmath>

#include "fedscape/base/check.hpp"
#include "fedscape/base/rng.hpp"

namespace fedscape {

namespace {

constexpr double kOwnerShift = 0.5;
constexpr std::int64_t kMostValues = std::int64_t{1} << 32;

/// The address within Purpose::synthetic: what the numbers are for, and the index of their stream.
enum Draw : std::uint32_t { kClass, kOwner, kChoice, kNoise };

RngKey address(std::uint64_t seed, Draw what, Split split, std::int64_t index) {
  return {seed, Purpose::synthetic, static_cast<std::uint32_t>(index), what, split == Split::train ? 0u : 1u};
}

void check(const SyntheticOptions& options, std::int64_t values_per_sample) {
  const auto within = [](const char* name, std::int64_t value, std::int64_t least, std::int64_t most) {
    FEDSCAPE_CHECK(least <= value && value <= most, "generated data: {} {}, expected {} to {}", name, value, least,
                   most);
  };
  within("classes", options.classes, 1, std::min<std::int64_t>(1 << 20, kMostValues / values_per_sample));
  within("owners", options.owners, 0, 1 << 24);
  within("clusters", options.clusters, 1, 1 << 20);
  within("train_samples", options.train_samples, 1, kMostValues / values_per_sample);
  within("test_samples", options.test_samples, 1, kMostValues / values_per_sample);
  FEDSCAPE_CHECK(options.noise >= 0 && options.noise <= 1e6, "generated data: noise {}, expected 0 to 1e6",
                 options.noise);
}

std::int64_t owner_of(const SyntheticOptions& options, std::int64_t sample) {
  return options.owners > 0 ? sample / options.classes % options.owners : 0;
}

/// Labels, in the order of the formula, and owners.
std::vector<std::int32_t> labels_of(const SyntheticOptions& options, std::int64_t samples) {
  std::vector<std::int32_t> labels(static_cast<std::size_t>(samples));
  for (std::int64_t i = 0; i < samples; ++i)
    labels[static_cast<std::size_t>(i)] = static_cast<std::int32_t>(i % options.classes);
  return labels;
}

void set_owners(Dataset& data, const SyntheticOptions& options) {
  if (options.owners == 0) return;
  data.users.resize(static_cast<std::size_t>(data.size()));
  for (std::int64_t i = 0; i < data.size(); ++i)
    data.users[static_cast<std::size_t>(i)] = static_cast<std::int32_t>(owner_of(options, i));
  for (std::int64_t u = 0; u < options.owners; ++u) data.user_names.push_back(fmt::format("owner{}", u));
}

/// +1 or -1 at each cell of a class's pattern, [cells].
std::vector<float> pattern_of(std::uint64_t seed, std::int64_t label, std::int64_t cells) {
  std::vector<float> pattern(static_cast<std::size_t>(cells));
  Draws draws(address(seed, kClass, Split::train, label));
  for (float& cell : pattern) cell = draws.below(2) == 0 ? -1.0f : 1.0f;
  return pattern;
}

/// Adds a pattern of rows of `width` values to the rows of an image, `pitch` values apart, from `start` on.
void plant(std::span<const float> pattern, std::int64_t start, std::int64_t width, std::int64_t pitch,
           std::span<float> image) {
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const std::int64_t y = static_cast<std::int64_t>(i) / width, x = static_cast<std::int64_t>(i) % width;
    image[static_cast<std::size_t>(start + y * pitch + x)] += pattern[i];
  }
}

/// Signal and noise in units of a deviation, as a byte around mid grey.
std::uint8_t to_byte(double value) {
  constexpr double kGrey = 127.5, kDeviation = 32;
  return static_cast<std::uint8_t>(std::lround(std::clamp(kGrey + kDeviation * value, 0.0, 255.0)));
}

}  // namespace

void SyntheticOptions::options(Fields& f) {
  f.field("classes", classes, "generated data: classes");
  f.field("train_samples", train_samples, "generated data: training samples");
  f.field("test_samples", test_samples, "generated data: test samples");
  f.field("owners", owners, "generated data: natural owners of the samples, each with its own shift; 0: none");
  f.field("features", features, "gaussian: features");
  f.field("clusters", clusters, "gaussian: clusters of each class");
  f.field("side", side, "images: height and width in pixels");
  f.field("channels", channels, "images: channels");
  f.field("noise", noise, "generated data: deviation of the noise, where the signal has 1");
}

Dataset gaussian_mixture(const SyntheticOptions& options, Split split, std::uint64_t seed) {
  const std::int64_t F = options.features;
  FEDSCAPE_CHECK(1 <= F && F <= (1 << 20), "generated data: features {}, expected 1 to {}", F, 1 << 20);
  check(options, F);
  const std::int64_t N = split == Split::train ? options.train_samples : options.test_samples;
  std::vector<float> samples(static_cast<std::size_t>(N * F)), center(static_cast<std::size_t>(F)), shift(center);
  for (std::int64_t i = 0; i < N; ++i) {
    const std::int64_t cluster = Draws(address(seed, kChoice, split, i)).below(options.clusters);
    fill_normal(address(seed, kClass, Split::train, i % options.classes * options.clusters + cluster), 0, 1, center);
    if (options.owners > 0)
      fill_normal(address(seed, kOwner, Split::train, owner_of(options, i)), 0, kOwnerShift, shift);
    const std::span<float> x = std::span(samples).subspan(static_cast<std::size_t>(i * F), center.size());
    fill_normal(address(seed, kNoise, split, i), 0, static_cast<float>(options.noise), x);
    for (std::size_t f = 0; f < x.size(); ++f) x[f] += center[f] + shift[f];
  }
  Dataset data("gaussian", {1, 1, F}, static_cast<int>(options.classes), std::move(samples), labels_of(options, N));
  set_owners(data, options);
  return data;
}

Dataset planted_images(const SyntheticOptions& options, Split split, std::uint64_t seed) {
  const std::int64_t side = options.side, channels = options.channels, half = side / 2;
  FEDSCAPE_CHECK(2 <= side && side <= 4096, "generated data: side {}, expected 2 to 4096", side);
  FEDSCAPE_CHECK(1 <= channels && channels <= 64, "generated data: channels {}, expected 1 to 64", channels);
  const std::int64_t pixels = side * side * channels;
  check(options, pixels);
  const std::int64_t N = split == Split::train ? options.train_samples : options.test_samples;
  std::vector<std::vector<float>> patterns;
  for (std::int64_t c = 0; c < options.classes; ++c) patterns.push_back(pattern_of(seed, c, half * half * channels));
  std::vector<std::uint8_t> samples(static_cast<std::size_t>(N * pixels));
  std::vector<float> image(static_cast<std::size_t>(pixels));
  for (std::int64_t i = 0; i < N; ++i) {
    Draws place(address(seed, kChoice, split, i));
    const std::int64_t top = place.below(side - half + 1), left = place.below(side - half + 1);
    fill_normal(address(seed, kNoise, split, i), 0, static_cast<float>(options.noise), image);
    plant(patterns[static_cast<std::size_t>(i % options.classes)], (top * side + left) * channels, half * channels,
          side * channels, image);
    const std::int64_t owner = owner_of(options, i);
    const double shift = options.owners > 0 ? kOwnerShift * normal(address(seed, kOwner, Split::train, owner), 0) : 0.0;
    std::transform(image.begin(), image.end(), samples.begin() + i * pixels,
                   [shift](float value) { return to_byte(value + shift); });
  }
  Dataset data("images", {side, side, channels}, static_cast<int>(options.classes), std::move(samples),
               labels_of(options, N));
  set_owners(data, options);
  return data;
}

}  // namespace fedscape
