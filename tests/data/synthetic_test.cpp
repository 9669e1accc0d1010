#include "fedscape/data/synthetic.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "fedscape/base/check.hpp"

namespace fedscape {
namespace {

const float* floats(const Dataset& data) { return static_cast<const float*>(data.samples()); }
const std::uint8_t* bytes(const Dataset& data) { return static_cast<const std::uint8_t*>(data.samples()); }

/// Accuracy on `test` of the nearest class mean of `train`: what a linear classifier sees.
double nearest_mean_accuracy(const Dataset& train, const Dataset& test) {
  const auto F = static_cast<std::size_t>(train.shape().size()), C = static_cast<std::size_t>(train.classes());
  std::vector<double> means(C * F), counts(C);
  for (std::size_t i = 0; i < train.labels().size(); ++i) {
    const auto c = static_cast<std::size_t>(train.labels()[i]);
    ++counts[c];
    for (std::size_t f = 0; f < F; ++f) means[c * F + f] += floats(train)[i * F + f];
  }
  int correct = 0;
  for (std::size_t i = 0; i < test.labels().size(); ++i) {
    std::vector<double> distance(C);
    for (std::size_t c = 0; c < C; ++c)
      for (std::size_t f = 0; f < F; ++f)
        distance[c] += std::pow(floats(test)[i * F + f] - means[c * F + f] / counts[c], 2);
    correct += std::min_element(distance.begin(), distance.end()) - distance.begin() == test.labels()[i];
  }
  return correct / static_cast<double>(test.size());
}

TEST(GaussianMixture, OneClusterPerClassIsEasyForALinearClassifierAndSeveralAreNot) {
  SyntheticOptions options{.classes = 4, .train_samples = 2000, .test_samples = 500, .features = 8, .noise = 0.5};
  const auto accuracy = [&] {
    return nearest_mean_accuracy(gaussian_mixture(options, Split::train, 1), gaussian_mixture(options, Split::test, 1));
  };
  // Centers are sqrt(2 * 8) = 4 apart, 8 deviations of the noise: the error of two classes is below Phi(-4).
  EXPECT_GT(accuracy(), 0.98);
  options.clusters = 16;  // class means of 16 clusters are a quarter as far apart, within a spread of the clusters of 1
  EXPECT_LT(accuracy(), 0.8);
}

TEST(GaussianMixture, IsAFunctionOfItsSeed) {
  const SyntheticOptions options{.train_samples = 100, .test_samples = 100};
  const auto hash = [&](Split split, std::uint64_t seed) { return gaussian_mixture(options, split, seed).hash(); };
  EXPECT_EQ(hash(Split::train, 3), hash(Split::train, 3));
  EXPECT_NE(hash(Split::train, 3), hash(Split::train, 4));
  EXPECT_NE(hash(Split::train, 3), hash(Split::test, 3));
}

TEST(GaussianMixture, MoreSamplesKeepTheFirstOnes) {
  const Dataset few = gaussian_mixture({.train_samples = 50}, Split::train, 3);
  const Dataset more = gaussian_mixture({.train_samples = 80}, Split::train, 3);
  EXPECT_TRUE(std::equal(floats(few), floats(few) + 50 * 20, floats(more)));
}

TEST(SyntheticData, OwnersHoldAllClasses) {
  const SyntheticOptions options{.classes = 5, .train_samples = 200, .owners = 4};
  for (const Dataset& data : {gaussian_mixture(options, Split::train, 3), planted_images(options, Split::train, 3)}) {
    std::set<std::pair<std::int32_t, std::int32_t>> pairs;
    for (std::size_t i = 0; i < data.users.size(); ++i) pairs.emplace(data.users[i], data.labels()[i]);
    EXPECT_EQ(pairs.size(), 20u);
    EXPECT_EQ(data.user_names.size(), 4u);
  }
}

TEST(PlantedImages, AClassShowsWhereItsPatternCorrelates) {
  const SyntheticOptions options{.classes = 3, .train_samples = 30, .side = 8, .noise = 0};
  const Dataset data = planted_images(options, Split::train, 2);
  EXPECT_EQ(data.shape(), (Shape{8, 8, 1}));
  // Without noise an image is its class's 4x4 pattern on grey: samples of one class hold the same multiset of bytes.
  std::vector<std::multiset<int>> seen(3);
  for (std::size_t i = 0; i < 30; ++i) {
    const std::multiset<int> image(bytes(data) + i * 64, bytes(data) + (i + 1) * 64);
    EXPECT_EQ(image.count(96) + image.count(160), 16u);  // 127.5 -+ 32
    auto& first = seen[static_cast<std::size_t>(data.labels()[i])];
    if (first.empty()) first = image;
    EXPECT_EQ(image, first);
  }
}

TEST(SyntheticData, RefusesSizesThatMakeNoSense) {
  EXPECT_THROW(gaussian_mixture({.classes = 0}, Split::train, 1), Error);
  EXPECT_THROW(gaussian_mixture({.train_samples = std::int64_t{1} << 40}, Split::train, 1), Error);
  EXPECT_THROW(gaussian_mixture({.features = 0}, Split::train, 1), Error);
  EXPECT_THROW(planted_images({.side = 1}, Split::train, 1), Error);
  EXPECT_THROW(planted_images({.channels = 1 << 20}, Split::train, 1), Error);
  EXPECT_THROW(planted_images({.noise = std::nan("")}, Split::train, 1), Error);
}

}  // namespace
}  // namespace fedscape
