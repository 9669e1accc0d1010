#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <thread>

#include "fedscape/base/peak_memory.hpp"
#include "fedscape/io/hdf5_file.hpp"
#include "fedscape/io/run_file.hpp"
#include "fedscape/io/run_history.hpp"
#include "tests/comm/mpi_test.hpp"
#include "tests/io/small_layout.hpp"
#include "tests/support/full_disk.hpp"
#include "tests/support/message_of.hpp"

namespace fedscape {
namespace {

using test::message_of;
using testing::ElementsAre;
using testing::HasSubstr;

class RunFileOverRanks : public testing::Test {
 protected:
  RunFile open(Communicator& comm) { return RunFile::open(path, info, layout, comm); }
  Server server(std::int64_t round, float base) {
    std::vector<float> global = test::counted(layout);
    for (float& value : global) value += base;
    Server made;
    made.round = round;
    made.global = to_device(stream, global, {1, layout.size()});
    made.memory = to_device(stream, std::vector<float>{base, base}, {1, 2});
    return made;
  }
  /// Rounds 1 to `last` on all ranks of comm, the last one saved.
  void work(Communicator& comm, std::int64_t last) {
    RunFile file = open(comm);
    file.restore_or(stream, server(0, 7));
    for (std::int64_t round = 1; round <= last; ++round) file.append(round, {{"train_loss", "nat", 1.0 + comm.rank()}});
    file.save(stream, server(last, -2));
  }

  test::SharedFolder folder;
  std::filesystem::path path = folder / "run.h5";
  RunInfo info{.command = "fl run", .options = {{"lr", "0.1"}}, .free = {}, .seed = 3, .data_hash = 4};
  ParamLayout layout = test::small_layout();
  Stream stream{Device{}};
};

TEST_F(RunFileOverRanks, ARunOfFourRanksGoesOnOnAnyOtherNumberWithTheSameBits) {
  test::on_ranks(4, [&](Communicator& comm) { work(comm, 3); });
  test::world().barrier();
  for (int ranks = 1; ranks <= 3; ++ranks) {
    test::on_ranks(ranks, [&](Communicator& comm) {
      RunFile file = open(comm);
      const Server back = file.restore_or(stream, server(0, 50.0f + static_cast<float>(comm.rank())));
      EXPECT_EQ(file.round(), 3);
      EXPECT_EQ(back.round, 3);
      EXPECT_EQ(to_host(stream, back.global.view()), to_host(stream, server(3, -2).global.view()));
      EXPECT_THAT(to_host(stream, back.memory.view()), ElementsAre(-2, -2));
      EXPECT_EQ(file.initial_signs(), signs_of(to_host(stream, server(0, 7).global.view())));
    });
    test::world().barrier();
  }
}

TEST_F(RunFileOverRanks, HoldsTheRowsOfRankZeroAndTheNumberOfRanks) {
  test::on_ranks(3, [&](Communicator& comm) { work(comm, 2); });
  test::world().barrier();
  const RunContents run = read_run(path);
  EXPECT_THAT(run.history.rounds, ElementsAre(1, 2));
  EXPECT_THAT(run.history.rows, ElementsAre(ElementsAre(1.0), ElementsAre(1.0)));
  EXPECT_EQ(run.ranks, std::min(3, test::world().size()));
}

TEST_F(RunFileOverRanks, SaysHowMuchMemoryTheLargestRankHeld) {
  Communicator& comm = test::world();
  const std::size_t more = comm.rank() == comm.size() - 1 ? static_cast<std::size_t>(peak_memory()) : 1;
  std::vector<char> held(more, 'x');
  const std::int64_t before = comm.max(peak_memory()) + held.front() - 'x';
  work(comm, 1);
  const std::int64_t after = comm.max(peak_memory());
  hdf5::read_file(path, [&](const hdf5::Group& root) {
    EXPECT_GE(root.integer("peak_memory"), before);
    EXPECT_LE(root.integer("peak_memory"), after);
  });
}

TEST_F(RunFileOverRanks, ARefusalOfRankZeroIsEverybodys) {
  work(test::world(), 1);
  info.options[0].second = "0.2";
  EXPECT_THROW(open(test::world()), AgreedError);
  EXPECT_THAT(message_of([&] { open(test::world()); }), HasSubstr("option lr = '0.1', not '0.2'"));
}

TEST_F(RunFileOverRanks, AFullDiskOfRankZeroIsEverybodysAndKeepsThePreviousFile) {
  RunFile file = open(test::world());
  file.restore_or(stream, server(0, 7));
  file.save(stream, server(1, -1));
  {
    std::optional<test::FullDisk> full;
    if (test::world().is_root()) full.emplace(1000);
    EXPECT_THROW(file.save(stream, server(2, -2)), AgreedError);
  }
  EXPECT_EQ(read_run(path).round, 1);
}

TEST_F(RunFileOverRanks, AllRanksSaveWhenRankZerosClockSaysSo) {
  RunFile file = open(test::world());
  file.restore_or(stream, server(0, 7));
  EXPECT_TRUE(file.due(0));
  EXPECT_FALSE(file.due(1000));
  // Between what the first and the last rank to get here would say by themselves.
  std::this_thread::sleep_for(std::chrono::milliseconds(5 * test::world().rank()));
  for (const double seconds : {0.005, 0.01, 0.02}) {
    const bool due = file.due(seconds);
    EXPECT_EQ(test::world().max(std::int64_t{due}), std::int64_t{due}) << seconds;
  }
}

}  // namespace
}  // namespace fedscape
