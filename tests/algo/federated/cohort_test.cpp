#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "fedscape/algo/federated/engine.hpp"

namespace fedscape {
namespace {

TEST(Cohort, HoldsDistinctClientsInOrder) {
  const Cohort cohort = sample_cohort(100, {.cohort = 30}, 1, 4);
  EXPECT_EQ(cohort.ids.size(), 30u);
  EXPECT_TRUE(std::is_sorted(cohort.ids.begin(), cohort.ids.end()));
  EXPECT_EQ(std::adjacent_find(cohort.ids.begin(), cohort.ids.end()), cohort.ids.end());
  EXPECT_EQ(cohort.times, std::vector<int>(30, 1));
}

TEST(Cohort, OfCoinsHoldsAsManyAsExpectedOnAverage) {
  double drawn = 0;
  for (std::int64_t round = 0; round < 400; ++round) {
    const Cohort cohort = sample_cohort(100, {.cohort = 30, .sampling = "poisson"}, 1, round);
    EXPECT_EQ(cohort.expected, 30);
    EXPECT_EQ(cohort.times.size(), cohort.ids.size());
    EXPECT_TRUE(std::is_sorted(cohort.ids.begin(), cohort.ids.end()));
    drawn += double(cohort.ids.size());
  }
  EXPECT_NEAR(drawn / 400, 30, 5 * std::sqrt(30 * 0.7 / 400));  // five standard errors
}

TEST(Cohort, IsAFunctionOfSeedAndRound) {
  const auto ids = [](std::uint64_t seed, std::int64_t round) {
    return sample_cohort(100, {.cohort = 10}, seed, round).ids;
  };
  EXPECT_EQ(ids(1, 7), ids(1, 7));
  EXPECT_NE(ids(1, 7), ids(1, 8));
  EXPECT_NE(ids(1, 7), ids(2, 7));
}

TEST(Cohort, DrawsEveryClientEquallyOften) {
  std::vector<int> drawn(10);
  for (std::int64_t round = 0; round < 4000; ++round)
    for (const ClientId id : sample_cohort(10, {.cohort = 3}, 1, round).ids) ++drawn[static_cast<std::size_t>(id)];
  for (const int count : drawn) EXPECT_NEAR(count, 1200, 4 * std::sqrt(4000 * 0.3 * 0.7));  // 4 standard deviations
}

TEST(Cohort, WithReplacementCountsHowOftenAClientIsDrawn) {
  const Cohort cohort = sample_cohort(5, {.cohort = 40, .replacement = true}, 1, 0);
  EXPECT_LE(cohort.ids.size(), 5u);
  EXPECT_EQ(std::accumulate(cohort.times.begin(), cohort.times.end(), 0), 40);
}

TEST(Cohort, OfMoreClientsThanThereAreIsRefused) { EXPECT_THROW(sample_cohort(5, {.cohort = 6}, 1, 0), Error); }

TEST(LocalOptions, StepsFollowEpochsAndBatches) {
  LocalOptions local;
  local.sampling.batch = 10;
  local.epochs = 3;
  EXPECT_EQ(local.steps(25), 9);
  local.sampling.last_batch = "drop";
  EXPECT_EQ(local.steps(25), 6);
  local.min_steps = 8;
  EXPECT_EQ(local.steps(25), 8);
  local.local_steps = 11;
  EXPECT_EQ(local.steps(25), 11);
}

TEST(LocalOptions, OutOfRangeAreNamed) {
  LocalOptions local;
  local.weights = "sample";
  EXPECT_THROW(local.check(), Error);
}

}  // namespace
}  // namespace fedscape
