#include "fedscape/base/philox_blocks.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

namespace fedscape {
namespace {

TEST(Rng, FillsAreTheNumbersOfTheirAddresses) {
  const RngKey key{7, Purpose::test, 3, 2, 1};
  std::vector<float> normals(11), uniforms(11);
  fill_normal(key, 0, 1, normals);
  fill_uniform(key, 0, 1, uniforms);
  for (std::size_t i = 0; i < normals.size(); ++i) {
    EXPECT_EQ(normals[i], normal(key, i));
    EXPECT_EQ(uniforms[i], uniform(key, i));
  }
}

TEST(Rng, BlocksSideBySideAreThoseOfPhilox) {
  for (const RngKey& key :
       {RngKey{7, Purpose::test, 3, 2, 1}, RngKey{~std::uint64_t{0}, static_cast<Purpose>(255), ~0u, ~0u, 0xffffff}})
    for (const std::uint32_t first : {0u, 5u, ~0u - 2}) {
      RngBlocks words;
      philox_blocks(key, first, words);
      for (std::uint32_t i = 0; i < kPhiloxBlocks; ++i) {
        RngBlock expected;
        philox(key, first + i, expected);
        for (std::uint32_t j = 0; j < 4; ++j) EXPECT_EQ(words[4 * i + j], expected[j]) << i << ' ' << j;
      }
    }
}

TEST(Rng, AFillOfAnyLengthIsTheNumbersOfItsAddresses) {
  const RngKey key{8, Purpose::test, 1, 2, 3};
  for (std::size_t n = 0; n <= 2 * kPhiloxWords + 1; ++n) {
    std::vector<float> x(n + 1, 7);
    fill_uniform(key, 0, 1, std::span(x).first(n));
    for (std::size_t i = 0; i < n; ++i) EXPECT_EQ(x[i], uniform(key, i));
    EXPECT_EQ(x[n], 7);
  }
}

TEST(Rng, EveryPartOfTheKeyMatters) {
  const RngKey key{7, Purpose::test, 3, 2, 1};
  RngKey other[5] = {key, key, key, key, key};
  other[0].seed += std::uint64_t{1} << 40;
  other[1].purpose = Purpose::crop;
  other[2].client += 1;
  other[3].round += 1;
  other[4].step += 1;
  for (const RngKey& k : other) EXPECT_NE(uniform(key, 0), uniform(k, 0));
}

TEST(Rng, NormalsHaveTheMomentsOfANormal) {
  std::vector<float> x(200000);
  fill_normal({1}, 0, 1, x);
  const double mean = std::accumulate(x.begin(), x.end(), 0.0) / x.size();
  double variance = 0, fourth = 0;
  for (const float v : x) variance += v * v, fourth += std::pow(v, 4);
  EXPECT_NEAR(mean, 0, 4 / std::sqrt(x.size()));  // 4 standard errors
  EXPECT_NEAR(variance / x.size(), 1, 4 * std::sqrt(2.0 / x.size()));
  EXPECT_NEAR(fourth / x.size(), 3, 4 * std::sqrt(96.0 / x.size()));
}

TEST(Draws, GammaVariatesOfATinyShapeStayFinite) {
  Draws draws({5});
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(std::isfinite(draws.log_gamma_variate(1e-6)));
}

TEST(Draws, GammaVariatesHaveTheMeanOfTheirShape) {
  for (const double shape : {0.3, 1.0, 4.5}) {
    Draws draws({11, Purpose::test, static_cast<std::uint32_t>(shape * 10)});
    double sum = 0;
    const int n = 100000;
    for (int i = 0; i < n; ++i) sum += std::exp(draws.log_gamma_variate(shape));
    EXPECT_NEAR(sum / n, shape, 4 * std::sqrt(shape / n));
  }
}

TEST(Draws, BelowCoversItsRangeEvenly) {
  Draws draws({3});
  std::vector<int> seen(7);
  for (int i = 0; i < 70000; ++i) ++seen[static_cast<std::size_t>(draws.below(7))];
  for (const int count : seen) EXPECT_NEAR(count, 10000, 4 * std::sqrt(10000));
}

}  // namespace
}  // namespace fedscape
