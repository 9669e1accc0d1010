#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <list>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "fedscape/algo/federated/memory.hpp"

namespace fedscape {

/// At most `entries` client memories of `floats` floats in RAM before another ClientMemory, which one thread reads
/// ahead (what expect() named) and writes behind: whoever trains waits for it only where there is no room. While
/// everything fits, nothing is written before commit(); once something had to make room, an eighth of the entries is
/// kept fit to be dropped. What was used least recently makes room first. Dropped without commit(), as by a crash.
class ClientMemoryCache : public ClientMemory {
 public:
  ClientMemoryCache(std::unique_ptr<ClientMemory> behind, std::int64_t floats, std::int64_t entries);
  ~ClientMemoryCache() override;

  bool load(ClientId id, std::span<float> out) override;
  void store(ClientId id, std::int64_t round, std::span<const float> in) override;
  void commit(std::int64_t round) override;
  void expect(std::span<const ClientId> ids) override;
  ClientMemoryTraffic traffic() const override;

  /// Bytes of RAM that an entry takes, its bookkeeping included.
  static std::int64_t entry_bytes(std::int64_t floats) { return 4 * floats + 256; }

 private:
  struct Entry {
    ClientId id = 0;
    std::int64_t round = 0;
    std::vector<float> floats;
    bool known = false;     // something was stored for this client
    bool dirty = false;     // more recent than what lies behind
    bool busy = false;      // its floats are being read or written without the lock
    bool expected = false;  // read ahead and not used yet
    std::list<Entry*>::iterator use;
  };
  using Lock = std::unique_lock<std::mutex>;

  Entry* find(ClientId id, Lock& lock);
  Entry* make_room(Lock& lock);
  Entry* droppable(bool expected_too);
  Entry& insert(Entry& entry, ClientId id);
  void forget(Entry& entry);
  void give_back(Entry& entry);
  void touch(Entry& entry);
  void used(Entry& entry);
  Entry* fetch(Entry& room, ClientId id, Lock& lock, bool expected = false);
  void write(Entry& entry, Lock& lock);
  void check_failure();

  void work();
  bool read_ahead(Lock& lock);
  bool write_behind(Lock& lock);

  const std::unique_ptr<ClientMemory> behind_;
  const std::size_t floats_, most_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Entry> entries_;  // made one by one, up to most_
  std::vector<Entry*> free_;   // of entries_, those that hold no client
  std::unordered_map<ClientId, Entry*> by_client_;
  std::list<Entry*> by_use_;     // the most recently used one first
  std::deque<ClientId> wanted_;  // what to read ahead
  std::size_t dirty_ = 0, ahead_ = 0, waiting_ = 0;
  bool overflowed_ = false, ending_ = false;
  std::exception_ptr failure_;  // of the thread; thrown by whoever comes next
  ClientMemoryTraffic traffic_;
  std::thread thread_;
};

}  // namespace fedscape
