#include "fedscape/algo/alignment/assignment.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "fedscape/base/check.hpp"
#include "fedscape/base/rng.hpp"

namespace fedscape {
namespace {

double cost_of(const std::vector<double>& cost, const std::vector<int>& assigned) {
  double sum = 0;
  for (std::size_t i = 0; i < assigned.size(); ++i) sum += cost[i * assigned.size() + std::size_t(assigned[i])];
  return sum;
}

std::vector<double> random_costs(int n, std::uint32_t seed, double offset = 0) {
  std::vector<double> cost(std::size_t(n * n));
  Draws draws({.seed = seed, .purpose = Purpose::test});
  for (double& c : cost) c = offset + draws.normal();
  return cost;
}

double least_of_all(const std::vector<double>& cost, int n) {
  std::vector<int> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  double least = INFINITY;
  do least = std::min(least, cost_of(cost, order));
  while (std::next_permutation(order.begin(), order.end()));
  return least;
}

TEST(Assignment, IsTheCheapestOfAllPermutations) {
  for (int n = 1; n <= 7; ++n)
    for (std::uint32_t seed = 0; seed < 20; ++seed) {
      const std::vector<double> cost = random_costs(n, seed, seed % 2 ? 1e6 : -3);
      std::vector<int> assigned = cheapest_assignment(cost, n);
      EXPECT_DOUBLE_EQ(cost_of(cost, assigned), least_of_all(cost, n)) << n << " " << seed;
      std::sort(assigned.begin(), assigned.end());
      for (int i = 0; i < n; ++i) EXPECT_EQ(assigned[std::size_t(i)], i);
    }
}

TEST(Assignment, FindsAHiddenPermutation) {
  constexpr int n = 200;
  std::vector<int> hidden(n);
  std::iota(hidden.begin(), hidden.end(), 0);
  Draws({.seed = 1, .purpose = Purpose::test}).shuffle(std::span(hidden));
  std::vector<double> cost = random_costs(n, 2);
  for (int i = 0; i < n; ++i) cost[std::size_t(i * n + hidden[std::size_t(i)])] -= 100;
  EXPECT_EQ(cheapest_assignment(cost, n), hidden);
}

TEST(Assignment, LeavesInPlaceWhatCostsTheSame) {
  EXPECT_EQ(cheapest_assignment(std::vector<double>(9, 2.5), 3), (std::vector<int>{0, 1, 2}));
  // 0 and 1 must change places; 2 and 3 need not.
  const std::vector<double> cost = {5, 0, 5, 5, 0, 5, 5, 5, 5, 5, 1, 1, 5, 5, 1, 1};
  EXPECT_EQ(cheapest_assignment(cost, 4), (std::vector<int>{1, 0, 2, 3}));
}

TEST(Assignment, RefusesCostsThatAreNone) {
  EXPECT_THROW(cheapest_assignment(std::vector<double>{1, 2, 3}, 2), Error);
  EXPECT_THROW(cheapest_assignment(std::vector<double>{1, NAN, 3, 4}, 2), Error);
  EXPECT_THROW(cheapest_assignment({}, 0), Error);
}

}  // namespace
}  // namespace fedscape
