// Against dp-accounting and sums of many digits; tests/golden/privacy.py says which.
#include "fedscape/algo/privacy/renyi.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/support/golden.hpp"

namespace fedscape {
namespace {

using nlohmann::json;
using Maker = RenyiCurve (*)(double rate, double noise);

double divergence(const RenyiCurve& curve, double order) {
  const auto found = std::find(curve.orders.begin(), curve.orders.end(), order);
  return curve.divergences[static_cast<std::size_t>(found - curve.orders.begin())];
}

void expect_epsilons(const char* name, Maker curve) {
  const json file = test::read_golden("privacy");
  for (const json& golden : file[name]) {
    const double epsilon = golden["epsilon"],
                 found = curve(golden["rate"], golden["noise"]).epsilon(golden["rounds"], golden["delta"]);
    EXPECT_NEAR(found, epsilon, 1e-7 * epsilon) << name << " " << golden.dump();
  }
}

TEST(Renyi, EpsilonsOfPoissonSamplingAreThoseOfDpAccounting) { expect_epsilons("poisson", poisson_curve); }

TEST(Renyi, EpsilonsOfSamplingWithoutReplacementAreThoseOfDpAccounting) { expect_epsilons("fixed", fixed_curve); }

TEST(Renyi, DivergencesAreThoseOfSumsOfManyDigits) {
  const json file = test::read_golden("privacy");
  for (const json& golden : file["divergences"]) {
    const double rate = golden["rate"], noise = golden["noise"], order = golden["order"];
    const double fixed = golden["fixed"], poisson = golden["poisson"];
    EXPECT_NEAR(divergence(fixed_curve(rate, noise), order), fixed, 1e-9 * fixed) << golden.dump();
    EXPECT_NEAR(divergence(poisson_curve(rate, noise), order), poisson, 1e-9 * poisson) << golden.dump();
  }
}

TEST(Renyi, FractionalOrdersArePreciseToo) {
  const json file = test::read_golden("privacy");
  for (const json& golden : file["fractions"]) {
    const double expected = golden["poisson"];
    const RenyiCurve curve = poisson_curve(golden["rate"], golden["noise"]);
    EXPECT_NEAR(divergence(curve, golden["order"]), expected, 1e-9 * expected) << golden.dump();
  }
}

TEST(Renyi, ConvertsTheGaussianMechanismAsByHand) {
  const RenyiCurve curve = gaussian_curve(2);
  double least = INFINITY;  // rounds alpha / (2 noise^2) and theorem 21
  for (const double a : curve.orders)
    least = std::min(least, 3 * a / 8 + std::log((a - 1) / a) - (std::log(1e-5) + std::log(a)) / (a - 1));
  EXPECT_NEAR(curve.epsilon(3, 1e-5), least, 1e-13 * least);
}

TEST(Renyi, EpsilonGrowsWithRoundsAndFallsWithNoise) {
  for (const Maker make : {fixed_curve, poisson_curve}) {
    EXPECT_EQ(make(0.1, 1).epsilon(0, 1e-5), 0);
    for (double rounds = 1; rounds < 1000; rounds *= 2)
      EXPECT_LT(make(0.1, 1).epsilon(rounds, 1e-5), make(0.1, 1).epsilon(2 * rounds, 1e-5));
    for (double noise = 0.25; noise < 16; noise *= 2)
      EXPECT_GT(make(0.1, noise).epsilon(10, 1e-5), make(0.1, 2 * noise).epsilon(10, 1e-5));
  }
}

TEST(Renyi, EpsilonWithoutNoiseIsInfinite) {
  EXPECT_EQ(fixed_curve(0.1, 0).epsilon(1, 1e-5), INFINITY);
  EXPECT_EQ(poisson_curve(0.1, 0).epsilon(1, 1e-5), INFINITY);
  EXPECT_EQ(gaussian_curve(0).epsilon(1, 1e-5), INFINITY);
}

TEST(Renyi, SamplingIsNeverWorseThanEverybody) {
  for (const Maker make : {fixed_curve, poisson_curve})
    for (const double noise : {0.1, 0.5, 3.0, 100.0})
      for (const double rate : {1e-6, 0.01, 0.7, 1.0}) {
        const RenyiCurve sampled = make(rate, noise), all = gaussian_curve(noise);
        for (std::size_t i = 0; i < all.orders.size(); ++i)
          EXPECT_LE(sampled.divergences[i], all.divergences[i] * (1 + 1e-12))
              << noise << " " << rate << " " << all.orders[i];
      }
}

}  // namespace
}  // namespace fedscape
