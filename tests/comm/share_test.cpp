#include "fedscape/comm/share.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "fedscape/base/check.hpp"

namespace fedscape {
namespace {

TEST(Share, DealsTheLongestFirstToTheLeastLoaded) {
  const std::vector<ClientId> cohort = {1, 4, 6, 7, 9};
  const std::vector<std::int64_t> steps = {2, 9, 5, 4, 2};
  EXPECT_EQ(share(cohort, steps, false, 0, 2), (std::vector<ClientId>{4, 1}));  // 9, and 2 at 9 against 9
  EXPECT_EQ(share(cohort, steps, false, 1, 2), (std::vector<ClientId>{6, 7, 9}));
}

TEST(Share, KeepsClientsWithMemoryAtHome) {
  const std::vector<ClientId> cohort = {0, 3, 4, 6};
  const std::vector<std::int64_t> steps = {1, 2, 3, 4};
  EXPECT_EQ(share(cohort, steps, true, 0, 3), (std::vector<ClientId>{6, 3, 0}));
  EXPECT_EQ(share(cohort, steps, true, 1, 3), (std::vector<ClientId>{4}));
  EXPECT_TRUE(share(cohort, steps, true, 2, 3).empty());
}

TEST(Share, GivesEveryClientToOneRankOnly) {
  std::vector<ClientId> cohort(57);
  std::iota(cohort.begin(), cohort.end(), 10);
  std::vector<std::int64_t> steps(cohort.size());
  for (std::size_t i = 0; i < steps.size(); ++i) steps[i] = static_cast<std::int64_t>(i * i % 17);
  for (const bool at_home : {false, true}) {
    std::vector<ClientId> all;
    for (int rank = 0; rank < 5; ++rank) {
      const std::vector<ClientId> mine = share(cohort, steps, at_home, rank, 5);
      all.insert(all.end(), mine.begin(), mine.end());
    }
    std::sort(all.begin(), all.end());
    EXPECT_EQ(all, cohort);
  }
}

TEST(Share, RefusesStepsThatDoNotFitTheCohort) {
  EXPECT_THROW(share(std::vector<ClientId>{1, 2}, std::vector<std::int64_t>{1}, false, 0, 1), Error);
}

}  // namespace
}  // namespace fedscape
