#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <memory>
#include <numeric>
#include <thread>
#include <vector>

#include "fedscape/base/timer.hpp"
#include "tests/comm/mpi_test.hpp"

namespace fedscape {
namespace {

using test::world;

/// What each rank took, in rank order.
std::vector<std::int64_t> gathered(const std::vector<std::int64_t>& mine) {
  std::vector<std::byte> bytes;
  world().all_gather(std::as_bytes(std::span(mine)), bytes);
  std::vector<std::int64_t> all(bytes.size() / sizeof(std::int64_t));
  std::memcpy(all.data(), bytes.data(), bytes.size());
  return all;
}

TEST(Counter, GivesEachNumberOnce) {
  const auto counter = world().make_counter();
  std::vector<std::int64_t> mine;
  for (std::int64_t next; (next = counter->next()) < 200;) mine.push_back(next);
  std::vector<std::int64_t> all = gathered(mine), expected(200);
  std::sort(all.begin(), all.end());
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(all, expected);
}

TEST(Counter, AnswersWhileTheFirstRankIsBusy) {
  const auto counter = world().make_counter();
  world().barrier();
  const Timer timer;
  double finished = 0;
  if (world().is_root()) {
    while (timer.seconds() < 2) {  // two seconds of short batches, with a look at the queue after each
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      counter->progress();
    }
  } else {
    while (counter->next() < 50) continue;
    finished = timer.seconds();
  }
  EXPECT_LT(world().max(finished), 1.9);  // they did not have to wait for the root to end
}

TEST(Counter, StartsAgainWhenMadeAgain) {
  for (int repeat = 0; repeat < 2; ++repeat) {
    const auto counter = world().make_counter();
    const std::vector<std::int64_t> all = gathered({counter->next()});
    EXPECT_EQ(std::accumulate(all.begin(), all.end(), std::int64_t{0}), world().size() * (world().size() - 1) / 2);
  }
}

}  // namespace
}  // namespace fedscape
