#include "src/io/client_memory_cache.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <thread>

#include "fedscape/base/check.hpp"
#include "fedscape/base/rng.hpp"
#include "tests/support/message_of.hpp"

namespace fedscape {
namespace {

constexpr std::int64_t kFloats = 50;
using Memory = std::vector<float>;

Memory memory_of(ClientId id, std::int64_t round) {
  Memory memory(kFloats, static_cast<float>(round));
  memory.back() = static_cast<float>(id);
  return memory;
}

/// What lies behind, slowly: the test sees all that was asked of it.
class Behind : public ClientMemory {
 public:
  bool load(ClientId id, std::span<float> out) override {
    const std::lock_guard lock(mutex);
    ++loads;
    FEDSCAPE_CHECK(id != broken, "client {} cannot be read", id);
    const auto found = memories.find(id);
    if (found == memories.end()) return false;
    std::copy(found->second.begin(), found->second.end(), out.begin());
    return true;
  }
  void store(ClientId id, std::int64_t round, std::span<const float> in) override {
    std::this_thread::sleep_for(std::chrono::microseconds(50));
    const std::lock_guard lock(mutex);
    FEDSCAPE_CHECK(!full, "no space for client {}", id);
    memories[id].assign(in.begin(), in.end());
    rounds[id] = round;
    ++stores;
  }
  void commit(std::int64_t round) override { committed = round; }

  std::mutex mutex;
  std::map<ClientId, Memory> memories;
  std::map<ClientId, std::int64_t> rounds;
  std::int64_t committed = 0;
  std::atomic<std::int64_t> loads = 0, stores = 0;
  std::atomic<ClientId> broken = -1;
  std::atomic<bool> full = false;
};

struct Cached {
  explicit Cached(std::int64_t entries) : cache(open(), kFloats, entries) {}
  std::unique_ptr<ClientMemory> open() {
    auto owned = std::make_unique<Behind>();
    behind = owned.get();
    return owned;
  }
  Memory loaded(ClientId id) {
    Memory memory(kFloats);
    return cache.load(id, memory) ? memory : Memory{};
  }
  Behind* behind = nullptr;
  ClientMemoryCache cache;
};

/// Waits until `done`, for ten seconds at most.
bool eventually(const std::function<bool()>& done) {
  for (int i = 0; i < 10'000 && !done(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return done();
}

TEST(ClientMemoryCache, WritesNothingBeforeCommitWhileEverythingFits) {
  Cached memory(10);
  for (std::int64_t round = 1; round <= 5; ++round)
    for (ClientId id = 0; id < 10; ++id) memory.cache.store(id, round, memory_of(id, round));
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(memory.behind->stores, 0);
  memory.cache.commit(5);
  EXPECT_EQ(memory.behind->stores, 10);
  EXPECT_EQ(memory.behind->committed, 5);
  for (ClientId id = 0; id < 10; ++id) EXPECT_EQ(memory.behind->memories[id], memory_of(id, 5));
  memory.cache.commit(6);
  EXPECT_EQ(memory.behind->stores, 10);  // nothing is new
  EXPECT_EQ(memory.behind->loads, 0);
}

TEST(ClientMemoryCache, RemembersWhatDoesNotFitAndMakesRoomInAdvance) {
  Cached memory(16);
  for (ClientId id = 0; id < 200; ++id) memory.cache.store(id, 1, memory_of(id, 1));
  EXPECT_TRUE(eventually([&] { return memory.behind->stores > 200 - 16; }));  // some of those that fit
  for (ClientId id = 0; id < 200; ++id) EXPECT_EQ(memory.loaded(id), memory_of(id, 1));
  EXPECT_TRUE(memory.loaded(201).empty());
  memory.cache.commit(1);
  for (ClientId id = 0; id < 200; ++id) EXPECT_EQ(memory.behind->rounds[id], 1);
}

TEST(ClientMemoryCache, ReadsAheadHalfOfWhatFits) {
  Cached memory(8);
  for (ClientId id = 0; id < 20; ++id) memory.behind->memories[id] = memory_of(id, 3);
  std::vector<ClientId> ids(20);
  for (ClientId id = 0; id < 20; ++id) ids[static_cast<std::size_t>(id)] = id;
  memory.cache.expect(ids);
  EXPECT_TRUE(eventually([&] { return memory.behind->loads >= 4; }));
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_LE(memory.behind->loads, 5);
  for (ClientId id = 0; id < 20; ++id) {
    EXPECT_EQ(memory.loaded(id), memory_of(id, 3));
    memory.cache.store(id, 4, memory_of(id, 4));
    EXPECT_TRUE(eventually([&] { return memory.behind->loads >= std::min(id + 5, 20); }));
  }
  const ClientMemoryTraffic traffic = memory.cache.traffic();
  EXPECT_EQ(traffic.loads, 20);
  EXPECT_GE(traffic.hits, 4);  // those that were there when it began; how many more depends on the pace of the disk
  EXPECT_EQ(traffic.read, memory.behind->loads * 4 * kFloats);
}

TEST(ClientMemoryCache, GivesManyThreadsWhatEachClientStoredLast) {
  Cached memory(5);
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      Draws draws({.seed = static_cast<std::uint64_t>(t)});
      std::map<ClientId, std::int64_t> stored;
      for (std::int64_t round = 1; round < 300; ++round) {
        const auto id = static_cast<ClientId>(t + 4 * draws.below(6));
        const Memory expected = stored.count(id) > 0 ? memory_of(id, stored[id]) : Memory{};
        wrong += memory.loaded(id) == expected ? 0 : 1;
        memory.cache.store(id, round, memory_of(id, stored[id] = round));
        if (round % 16 == 0) memory.cache.expect(std::vector<ClientId>{id, (id + 4) % 24, (id + 8) % 24});
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST(ClientMemoryCache, TellsOfWhatItsThreadCouldNotRead) {
  Cached memory(4);
  memory.behind->broken = 2;
  memory.cache.expect(std::vector<ClientId>{1, 2});
  EXPECT_THAT(test::message_of([&] {
                for (int i = 0; i < 10'000; ++i) {
                  memory.loaded(1);
                  std::this_thread::sleep_for(std::chrono::milliseconds(1));
                }
              }),
              testing::HasSubstr("client 2 cannot be read"));
}

TEST(ClientMemoryCache, TellsOfAFullDiskInsteadOfWaitingForRoom) {
  Cached memory(4);
  memory.behind->full = true;
  EXPECT_THAT(test::message_of([&] {
                for (ClientId id = 0; id < 10; ++id) memory.cache.store(id, 1, memory_of(id, 1));
              }),
              testing::HasSubstr("no space for client"));
  EXPECT_THAT(test::message_of([&] { memory.cache.commit(1); }), testing::HasSubstr("no space for client"));
}

}  // namespace
}  // namespace fedscape
