#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "fedscape/comm/nodes.hpp"
#include "tests/comm/mpi_test.hpp"

namespace fedscape {
namespace {

using test::world;

/// All ranks, with at most GetParam() elements sent at once.
class InPieces : public ::testing::TestWithParam<int> {};

TEST_P(InPieces, IntegersAreSummedWithoutLoss) {
  const auto comm = test::session().world(GetParam());
  Stream stream;
  std::vector<std::int64_t> numbers(10);
  for (std::size_t i = 0; i < numbers.size(); ++i)
    numbers[i] = (std::int64_t{1} << 60) + comm->rank() + static_cast<std::int64_t>(i);
  comm->sum(stream, View<std::int64_t>(numbers.data(), {10}));
  const std::int64_t ranks = comm->size();
  for (std::size_t i = 0; i < numbers.size(); ++i)
    EXPECT_EQ(numbers[i], ranks * ((std::int64_t{1} << 60) + static_cast<std::int64_t>(i)) + ranks * (ranks - 1) / 2);
}

TEST_P(InPieces, FloatsAreSummed) {
  const auto comm = test::session().world(GetParam());
  Stream stream;
  std::vector<float> numbers = {0.5f, 1.5f, float(comm->rank())};
  comm->sum(stream, View<float>(numbers.data(), {3}));
  const float ranks = float(comm->size());
  EXPECT_EQ(numbers, (std::vector<float>{0.5f * ranks, 1.5f * ranks, ranks * (ranks - 1) / 2}));
}

TEST_P(InPieces, RaggedBytesArriveInRankOrder) {
  const auto comm = test::session().world(GetParam());
  const auto text_of = [](int rank) {
    return std::string(static_cast<std::size_t>(3 * rank), static_cast<char>('a' + rank));
  };
  const std::string mine = text_of(comm->rank());
  std::vector<std::byte> all(1000);
  comm->all_gather(std::as_bytes(std::span(mine)), all);
  std::string expected;
  for (int rank = 0; rank < comm->size(); ++rank) expected += text_of(rank);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(all.data()), all.size()), expected);
}

TEST_P(InPieces, ABroadcastReachesEveryone) {
  const auto comm = test::session().world(GetParam());
  const int root = comm->size() - 1;
  std::string text = comm->rank() == root ? "the same on all ranks" : std::string(21, ' ');
  comm->broadcast(std::as_writable_bytes(std::span(text)), root);
  EXPECT_EQ(text, "the same on all ranks");
}

INSTANTIATE_TEST_SUITE_P(Communicator, InPieces, ::testing::Values(1, 4, 1 << 30));

TEST(Communicator, MaximaAreThoseOfAllRanks) {
  EXPECT_EQ(world().max(std::int64_t{-5} - world().rank()), -5);
  EXPECT_EQ(world().max(0.5 * world().rank()), 0.5 * (world().size() - 1));
}

TEST(Communicator, SplitsKeepTheOrderOfRanks) {
  const auto parity = world().split(world().rank() % 2);
  EXPECT_EQ(parity->rank(), world().rank() / 2);
  EXPECT_EQ(parity->size(), (world().size() + 1 - world().rank() % 2) / 2);
}

TEST(Agree, IsSilentWhenNobodyFails) {
  int calls = 0;
  agree(world(), [&] { ++calls; });
  EXPECT_EQ(calls, 1);
}

TEST(Agree, GivesEveryRankTheMessageOfTheLowestThatFailed) {
  const int lowest = world().size() / 2;
  const auto work = [&] { FEDSCAPE_CHECK(world().rank() < lowest, "rank {} met a garbled file", world().rank()); };
  try {
    agree(world(), work);
    FAIL();
  } catch (const AgreedError& error) {
    EXPECT_EQ(error.what(), fmt::format("rank {} met a garbled file", lowest));
  }
}

TEST(ShareOnNode, GivesAllRanksWhatOneFilledIn) {
  const std::size_t bytes = 100'000;
  int filled = 0;
  const std::shared_ptr<const void> shared = world().share_on_node(bytes, [&](std::span<std::byte> data) {
    ++filled;
    EXPECT_EQ(data.size(), bytes);
    EXPECT_TRUE(std::all_of(data.begin(), data.end(), [](std::byte b) { return b == std::byte{0}; }));
    for (std::size_t i = 0; i < bytes; ++i) data[i] = static_cast<std::byte>(i % 251);
  });
  EXPECT_EQ(filled, world().fills_node() ? 1 : 0);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(shared.get()) % 64, 0u);
  const auto* const data = static_cast<const std::byte*>(shared.get());
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < bytes; ++i) wrong += data[i] != static_cast<std::byte>(i % 251);
  EXPECT_EQ(wrong, 0u);
}

TEST(Nodes, AreNamedByTheLowestOfTheirRanks) {
  const std::vector<int> nodes = nodes_of(world());
  ASSERT_EQ(std::ssize(nodes), world().size());
  for (int rank = 0; rank < world().size(); ++rank) EXPECT_LE(nodes[static_cast<std::size_t>(rank)], rank);
  const auto own = static_cast<std::size_t>(world().rank());
  EXPECT_EQ(nodes[own] == world().rank(), world().fills_node());
}

TEST(ShareOnNode, TellsEveryRankThatFillingFailed) {
  EXPECT_THROW(world().share_on_node(100, [](std::span<std::byte>) { fail("no such file"); }), AgreedError);
}

}  // namespace
}  // namespace fedscape
