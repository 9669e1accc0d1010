#include "fedscape/comm/device_ranks.hpp"

#include <gmock/gmock.h>

#include <cstring>
#include <vector>

#include "tests/support/message_of.hpp"
#include "tests/support/one_rank.hpp"

namespace fedscape {
namespace {

using testing::HasSubstr;

RankDevice gpu(int node, int index, const char* address) {
  RankDevice rank{.node = node, .device = {DeviceKind::cuda, index}};
  std::strcpy(rank.address.data(), address);
  std::strcpy(rank.name.data(), "a GPU");
  return rank;
}

TEST(DeviceRanks, NcclSumsWhereEveryRankHasAGpuOfItsOwn) {
  const std::vector<RankDevice> ranks = {gpu(0, 0, "0000:17:00.0"), gpu(0, 1, "0000:65:00.0"),
                                         gpu(2, 0, "0000:17:00.0"), gpu(2, 1, "0000:65:00.0")};
  EXPECT_EQ(why_not_nccl(ranks, true), "");
  EXPECT_THAT(why_not_nccl(ranks, false), HasSubstr("no NCCL"));
}

TEST(DeviceRanks, OneGpuForTwoRanksOfANodeIsForMpi) {
  const std::vector<RankDevice> ranks = {gpu(0, 0, "0000:17:00.0"), gpu(1, 0, "0000:17:00.0"),
                                         gpu(1, 0, "0000:17:00.0")};
  EXPECT_EQ(why_not_nccl(ranks, true), "ranks 1 and 2 share the GPU at 0000:17:00.0");
}

TEST(DeviceRanks, ARankOnTheCpuIsForMpi) {
  const std::vector<RankDevice> ranks = {gpu(0, 0, "0000:17:00.0"), RankDevice{}};
  EXPECT_EQ(why_not_nccl(ranks, true), "rank 1 runs on the CPU");
}

TEST(DeviceRanks, TheBindingNamesEveryRanksDevice) {
  const std::vector<RankDevice> ranks = {gpu(0, 1, "0000:17:00.0"), RankDevice{.node = 1}};
  EXPECT_EQ(binding_text(ranks),
            "rank 0 on the node of rank 0: CUDA device 1 at 0000:17:00.0, a GPU\nrank 1 on the node of rank 1: CPU");
}

TEST(DeviceRanks, OnCpusTheWorldIsLeftAsItIs) {
  test::OneRank world;
  Stream stream;
  EXPECT_EQ(&DeviceRanks(world, stream).comm(), &world);
}

}  // namespace
}  // namespace fedscape
