#include <gtest/gtest.h>

#include "tests/algo/landscape/sweep_case.hpp"
#include "tests/comm/mpi_test.hpp"
#include "tests/support/one_rank.hpp"

namespace fedscape {
namespace {

TEST(SweepOverRanks, GivesEachPointOnceWithTheBitsOfOneRank) {
  const test::SweepCase c;
  test::OneRank alone;
  for (const auto& how : {std::pair(BatchNormPolicy::frozen, Precision::float32),
                          {BatchNormPolicy::recalibrated, Precision::float32},
                          {BatchNormPolicy::frozen, Precision::bf16},
                          {BatchNormPolicy::frozen, Precision::bf16w2},
                          {BatchNormPolicy::frozen, Precision::bf16x2}}) {
    const auto policy = how.first;
    const auto precision = how.second;
    const auto expected = c.run(alone, 1, 1, policy, precision);
    for (int ranks = 1; ranks <= 4; ++ranks)
      test::on_ranks(ranks, [&](Communicator& comm) {
        const auto mine = c.run(comm, 1 + comm.rank() % 2, 2, policy, precision);
        for (const auto& [at, metrics] : mine) EXPECT_TRUE(test::same_bits(metrics[1], expected.at(at)[1]));
        Stream stream;
        std::vector<std::int64_t> points = {static_cast<std::int64_t>(mine.size())};
        comm.sum(stream, View<std::int64_t>(points.data(), {1}));
        EXPECT_EQ(points[0], 15);
      });
  }
}

}  // namespace
}  // namespace fedscape
