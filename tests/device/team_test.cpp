#include "fedscape/device/team.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <vector>

namespace fedscape {
namespace {

TEST(Team, DoesEveryTaskOnceOnStreamsOfItsOwnThreads) {
  Workers workers({}, 3);
  const Team team(workers);
  std::vector<int> done(100);
  std::vector<Stream*> streams(100);
  share_out(workers.stream(), 100, [&](Stream& stream, std::int64_t task) {
    ++done[static_cast<std::size_t>(task)];
    streams[static_cast<std::size_t>(task)] = &stream;
  });
  EXPECT_EQ(done, std::vector<int>(100, 1));
  for (const Stream* stream : streams) EXPECT_TRUE(stream == &workers.stream() || stream->team() == nullptr);
}

TEST(Team, SharesNothingWithinATask) {
  Workers workers({}, 2);
  const Team team(workers);
  std::vector<int> done(6);
  share_out(workers.stream(), 2, [&](Stream& outer, std::int64_t task) {
    EXPECT_EQ(team_size(outer), 1);
    share_out(outer, 3, [&](Stream& inner, std::int64_t i) {
      EXPECT_EQ(&inner, &outer);
      ++done[static_cast<std::size_t>(task * 3 + i)];
    });
  });
  EXPECT_EQ(done, std::vector<int>(6, 1));
  EXPECT_EQ(team_size(workers.stream()), 2);
}

TEST(Team, EndsWithItsScope) {
  Workers workers({}, 2);
  { const Team team(workers); }
  EXPECT_EQ(team_size(workers.stream()), 1);
}

TEST(Team, HandsOnTheFailureOfATask) {
  Workers workers({}, 2);
  const Team team(workers);
  EXPECT_THROW(share_out(workers.stream(), 8,
                         [](Stream&, std::int64_t task) {
                           if (task == 5) throw std::runtime_error("five");
                         }),
               std::runtime_error);
  EXPECT_EQ(team_size(workers.stream()), 2);
}

TEST(Team, CoversARangeWithStretchesOfTheLeastLength) {
  Workers workers({}, 4);
  const Team team(workers);
  for (const std::int64_t n : {0, 1, 9, 10, 25, 1000}) {
    std::vector<int> seen(static_cast<std::size_t>(n));
    share_range(workers.stream(), n, 10, [&](Stream&, std::int64_t begin, std::int64_t end) {
      EXPECT_GE(end - begin, std::min<std::int64_t>(n, 10));
      for (std::int64_t i = begin; i < end; ++i) ++seen[static_cast<std::size_t>(i)];
    });
    EXPECT_EQ(seen, std::vector<int>(static_cast<std::size_t>(n), 1)) << n;
  }
}

}  // namespace
}  // namespace fedscape
