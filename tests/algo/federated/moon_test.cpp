#include "fedscape/algo/federated/moon.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/algo/federated/loss_case.hpp"
#include "tests/algo/federated/rounds.hpp"

namespace fedscape {
namespace {

using test::case_of;
using test::FederationCase;
using test::LossCase;

Moon moon(double mu, double temperature = 0.5) {
  Moon algorithm;
  algorithm.mu = mu, algorithm.temperature = temperature;
  return algorithm;
}

double cosine(const double* a, const float* b) {
  double ab = 0, aa = 0, bb = 0;
  for (int f = 0; f < 5; ++f) ab += a[f] * double(b[f]), aa += a[f] * a[f], bb += double(b[f]) * double(b[f]);
  return ab / std::sqrt(aa * bb);
}

TEST(Moon, WithoutWeightIsFedAvg) { EXPECT_EQ(test::trained(case_of(moon(0))), test::trained(FederationCase())); }

TEST(Moon, BeginsAsFedAvg) {
  EXPECT_EQ(test::trained(case_of(moon(5)), 1), test::trained(FederationCase(), 1));
  EXPECT_NE(test::trained(case_of(moon(5)), 3), test::trained(FederationCase(), 3));
}

TEST(Moon, GradientIsThatOfCrossEntropyAndContrast) {
  test::expect_loss_and_gradients(moon(0.7, 0.4), [](const LossCase& call, int m, const auto& logits, const auto& z) {
    const std::size_t n = z.size() / 5, first = static_cast<std::size_t>(m) * 15;
    double loss = 0;
    for (std::size_t b = 0; b < n; ++b) {
      const double near = std::exp(cosine(&z[5 * b], &call.other_features[0][first + 5 * b]) / 0.4);
      const double far = std::exp(cosine(&z[5 * b], &call.other_features[1][first + 5 * b]) / 0.4);
      loss -= 0.7 * std::log(near / (near + far)) / double(n);
    }
    return test::cross_entropy(call, m, logits, {}, {}) + loss;
  });
}

TEST(Moon, RemembersTheModelItTrained) {
  const FederationCase setting = case_of(moon(1));
  test::Rounds rounds(setting);
  rounds.next({2, 3});
  const auto models = rounds.next({3, 4});
  for (const ClientId id : {3, 4}) EXPECT_EQ(rounds.memory_of(id), models.at(id));
}

TEST(Moon, OfALinearModelTrainsAsFedAvg) {  // its features are the samples, whatever the model
  EXPECT_EQ(test::trained(case_of(moon(1), true)), test::trained(FederationCase(9, true)));
}

TEST(Moon, RefusesWhatMakesNoSense) {
  EXPECT_EQ(test::refusal_of(moon(-1)), "mu of MOON is -1; it must be 0 or more");
  EXPECT_EQ(test::refusal_of(moon(1, 0)), "temperature of MOON is 0; it must be above 0");
}

}  // namespace
}  // namespace fedscape
