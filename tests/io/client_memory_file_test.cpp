#include "fedscape/io/client_memory_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <fstream>

#include "fedscape/io/atomic_file.hpp"
#include "tests/support/message_of.hpp"
#include "tests/support/one_rank.hpp"
#include "tests/support/temp_folder.hpp"

namespace fedscape {
namespace {

using test::message_of;
using testing::HasSubstr;

constexpr ClientMemoryShape kShape{.clients = 3, .floats = 1500, .run = 7};  // two pages a slot

class ClientMemoryFileTest : public testing::Test {
 protected:
  std::unique_ptr<ClientMemory> open(std::int64_t completed, ClientMemoryShape shape = kShape,
                                     std::int64_t budget = 0) {
    return open_client_memory(path, shape, completed, comm, budget);
  }
  static std::vector<float> state(ClientId id, std::int64_t round) {
    std::vector<float> values(static_cast<std::size_t>(kShape.floats), static_cast<float>(round));
    values.back() = static_cast<float>(id);
    return values;
  }
  /// What client `id` remembers; empty if nothing.
  static std::vector<float> loaded(ClientMemory& memory, ClientId id) {
    std::vector<float> values(static_cast<std::size_t>(kShape.floats));
    return memory.load(id, values) ? values : std::vector<float>{};
  }
  /// Offset of slot `version` of client `id`.
  static std::int64_t slot(ClientId id, int version) { return 4096 + (2 * id + version) * 8192; }
  void garble(std::int64_t at) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(at).put('?');
  }

  test::TempFolder folder;
  std::filesystem::path path = folder / "run.memory";
  test::OneRank comm;
};

TEST_F(ClientMemoryFileTest, RemembersTheLastStoreOfEachClient) {
  const auto memory = open(0);
  EXPECT_TRUE(loaded(*memory, 0).empty());
  for (const std::int64_t round : {1, 2, 2, 3}) {
    memory->store(1, round, state(1, round));
    EXPECT_EQ(loaded(*memory, 1), state(1, round));
    memory->commit(round - 1);
  }
  EXPECT_TRUE(loaded(*memory, 2).empty());
}

TEST_F(ClientMemoryFileTest, ReturnsToTheCompletedRoundWhenReopened) {
  {
    const auto memory = open(0);
    memory->store(0, 1, state(0, 1));
    memory->commit(1);
    for (const std::int64_t round : {2, 3, 4}) memory->store(0, round, state(0, round));
    memory->store(1, 4, state(1, 4));
  }
  const auto memory = open(1);
  EXPECT_EQ(loaded(*memory, 0), state(0, 1));
  EXPECT_TRUE(loaded(*memory, 1).empty());
}

TEST_F(ClientMemoryFileTest, CommitAloneDoesNotLoseTheRoundBefore) {
  {
    const auto memory = open(0);
    memory->store(0, 1, state(0, 1));
    memory->commit(1);
    memory->store(0, 2, state(0, 2));
    memory->commit(2);  // and then a crash, before the run file says 2
  }
  EXPECT_EQ(loaded(*open(1), 0), state(0, 1));
}

TEST_F(ClientMemoryFileTest, SurvivesAStoreThatWasCutShort) {
  {
    const auto memory = open(0);
    memory->store(0, 1, state(0, 1));
    memory->commit(1);
    memory->store(0, 2, state(0, 2));
    memory->commit(2);
  }
  garble(slot(0, 0) + 5000);  // as a store of round 3 would that got no further than some data
  EXPECT_EQ(loaded(*open(2), 0), state(0, 2));
}

TEST_F(ClientMemoryFileTest, NamesClientAndFileWhereTheStateIsDamaged) {
  {
    const auto memory = open(0);
    memory->store(2, 1, state(2, 1));
    memory->commit(1);
  }
  garble(slot(2, 0) + 5000);
  EXPECT_THAT(message_of([&] { loaded(*open(1), 2); }), HasSubstr("run.memory: damaged: the memory of client 2 after"));
  garble(slot(2, 0) + 8);
  EXPECT_THAT(message_of([&] { loaded(*open(1), 2); }), HasSubstr("the memory of client 2 has no valid header"));
}

TEST_F(ClientMemoryFileTest, RefusesAFileOfAnotherRunAndDamagedHeaders) {
  open(0);
  EXPECT_THAT(message_of([&] { open(1, {3, 1501, 7}); }), HasSubstr("1501 floats for 3 clients expected, found 1500"));
  EXPECT_THAT(message_of([&] { open(1, {3, 1500, 8}); }), HasSubstr("of run 0000000000000008 expected"));
  garble(20);
  EXPECT_THAT(message_of([&] { open(1); }), HasSubstr("run.memory: a file of client memory expected"));
  std::filesystem::resize_file(path, 10);
  EXPECT_THAT(message_of([&] { open(1); }), HasSubstr("run.memory: a file of client memory expected"));
  std::filesystem::remove(path);
  EXPECT_THAT(message_of([&] { open(1); }), HasSubstr("No such file"));
}

TEST_F(ClientMemoryFileTest, IsSparse) {
  const auto memory = open(0, {.clients = 10'000, .floats = 1500, .run = 7});
  memory->store(9'999, 1, state(1, 1));
  EXPECT_GT(std::filesystem::file_size(path), 150'000'000u);
  struct stat status {};
  ::stat(path.c_str(), &status);
  EXPECT_LT(status.st_blocks * 512, 100'000);
}

TEST_F(ClientMemoryFileTest, TouchesTheDiskOnlyInCommitWhileTheBudgetHoldsEverything) {
  const auto memory = open(0, kShape, 3 * 6300);
  for (ClientId id = 0; id < kShape.clients; ++id) memory->store(id, 1, state(id, 1));
  EXPECT_LT(std::filesystem::file_size(path), 4096u);  // its header alone
  memory->commit(1);
  EXPECT_GT(std::filesystem::file_size(path), 4096u);
  const auto again = open(1, kShape, 2 * 6300);  // too little for all
  for (ClientId id = 0; id < kShape.clients; ++id) EXPECT_EQ(loaded(*again, id), state(id, 1));
}

TEST_F(ClientMemoryFileTest, RefusesABudgetForLessThanTwoMemories) {
  EXPECT_THAT(message_of([&] { open(0, kShape, 12'000); }),
              HasSubstr("budget of 12000 bytes; 2 memories of 6256 bytes"));
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(ClientMemoryFileTest, NamesTheDamagedClientThatWasReadAhead) {
  {
    const auto memory = open(0);
    memory->store(2, 1, state(2, 1));
    memory->commit(1);
  }
  garble(slot(2, 0) + 5000);
  const auto memory = open(1, kShape, 20'000);
  memory->expect(std::vector<ClientId>{2});
  EXPECT_THAT(message_of([&] { loaded(*memory, 2); }), HasSubstr("damaged: the memory of client 2 after round 1"));
}

/// Stores every client round after round, and notes each round once it is committed, until killed.
[[noreturn]] void work_until_killed(ClientMemory& memory, const std::filesystem::path& note,
                                    std::vector<float> (*state)(ClientId, std::int64_t)) {
  for (std::int64_t round = 1;; ++round) {
    for (ClientId id = 0; id < kShape.clients; ++id) memory.store(id, round, state(id, round));
    if (round % 3 > 0) continue;  // several versions of a memory between two commits
    memory.commit(round);
    replace_file(note, std::as_bytes(std::span(&round, 1)));
  }
}

std::int64_t noted(const std::filesystem::path& note) {
  std::int64_t round = 0;
  std::memcpy(&round, read_bytes(note, 8).data(), 8);
  return round;
}

TEST_F(ClientMemoryFileTest, HasTheStateOfTheNotedRoundWheneverItIsKilled) {
  for (int moment = 0; moment < 10; ++moment) {
    const std::int64_t budget = moment < 5 ? 0 : 2 * 6300;  // of three memories
    const std::filesystem::path note = folder / "note";
    replace_file(note, std::vector<std::byte>(8));
    const pid_t child = fork();
    if (child == 0) work_until_killed(*open(0, kShape, budget), note, state);
    while (noted(note) < 3) usleep(500);
    usleep(static_cast<useconds_t>(1'313 * (moment % 5)));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    const std::int64_t completed = noted(note);
    const auto memory = open(completed);
    for (ClientId id = 0; id < kShape.clients; ++id) EXPECT_EQ(loaded(*memory, id), state(id, completed));
  }
}

}  // namespace
}  // namespace fedscape
