#include <gtest/gtest.h>

#include <numeric>

#include "fedscape/comm/profile_table.hpp"
#include "fedscape/comm/profiled.hpp"
#include "fedscape/device/workers.hpp"
#include "tests/comm/mpi_test.hpp"

namespace fedscape {
namespace {

const ProfileTable::Row& row(const ProfileTable& table, std::string_view phase, std::string_view kind) {
  for (const ProfileTable::Row& candidate : table.rows)
    if (candidate.phase == phase && candidate.kind == kind) return candidate;
  fail(fmt::format("no row {} {}", phase, kind));
}

/// Each rank r works r + 1 times on two threads, then all sum an array.
ProfileTable profile_of(Communicator& ranks) {
  Workers workers({}, 2);
  const auto comm = profiled(ranks, workers.stream());
  workers.start_profiles();
  workers.run(comm->rank() + 1, [](Stream& stream, int, std::int64_t) {
    const ProfileScope scope(stream, Phase::forward, "conv", {10, 4});
  });
  std::vector<std::int64_t> ones(100, 1);
  comm->sum(workers.stream(), {ones.data(), {100}});
  EXPECT_EQ(ones[99], comm->size());
  const std::vector<Peaks> peaks(2, {1.0 + comm->rank(), 5});
  return sum_profiles(workers.stop_profiles(), peaks, ranks);
}

TEST(ProfileTable, AddsUpThreadsAndRanksToTheTimeOfAll) {
  for (const int ranks : {1, 2, 4})
    test::on_ranks(ranks, [&](Communicator& comm) {
      const ProfileTable table = profile_of(comm);
      EXPECT_EQ(table.ranks, ranks);
      EXPECT_EQ(table.threads, 2 * ranks);
      EXPECT_EQ(row(table, "forward", "conv").calls, ranks * (ranks + 1) / 2);
      EXPECT_EQ(row(table, "forward", "conv").cost.flops, 10 * ranks * (ranks + 1) / 2);
      EXPECT_EQ(row(table, "communication", "sum").calls, ranks);
      EXPECT_EQ(row(table, "communication", "sum").cost.bytes, 800.0 * ranks);
      EXPECT_EQ(row(table, "waiting", "ranks").calls, ranks);
      EXPECT_EQ(table.peaks.flops, (ranks + 1) / 2.0);
      double total = 0;
      for (const ProfileTable::Row& each : table.rows) total += each.seconds;
      EXPECT_NEAR(total, static_cast<double>(table.threads) * table.wall_seconds, 1e-9);
    });
}

TEST(ProfileTable, IsTheSameOnEveryRank) {
  test::on_ranks(3, [](Communicator& comm) {
    const ProfileTable table = profile_of(comm);
    std::string text;
    for (const ProfileTable::Row& each : table.rows)
      text += fmt::format("{} {} {}\n", each.phase, each.kind, each.seconds);
    std::vector<char> roots(text.begin(), text.end());
    comm.broadcast(std::as_writable_bytes(std::span(roots)), 0);
    EXPECT_EQ(std::string(roots.begin(), roots.end()), text);
  });
}

TEST(ProfiledCommunicator, GivesWhatThePlainOneGives) {
  test::on_ranks(4, [](Communicator& ranks) {
    Stream stream;
    Profile profile;
    stream.set_profile(&profile);
    profile.start();
    const auto comm = profiled(ranks, stream);
    EXPECT_EQ(comm->max(std::int64_t{comm->rank()}), 3);
    std::vector<std::byte> all;
    const std::byte mine{static_cast<unsigned char>(comm->rank())};
    comm->all_gather(std::span(&mine, 1), all);
    EXPECT_EQ(all, (std::vector<std::byte>{std::byte{0}, std::byte{1}, std::byte{2}, std::byte{3}}));
    const auto counter = comm->make_counter();
    EXPECT_EQ(comm->max(counter->next()), 3);
    const auto shared = comm->share_on_node(1, [](std::span<std::byte> bytes) { bytes[0] = std::byte{9}; });
    EXPECT_EQ(*static_cast<const std::byte*>(shared.get()), std::byte{9});
    profile.stop();
  });
}

}  // namespace
}  // namespace fedscape
