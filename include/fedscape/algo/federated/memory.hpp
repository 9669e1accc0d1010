#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "fedscape/comm/share.hpp"

namespace fedscape {

/// What a ClientMemory has been asked for, and bytes that came from behind its cache and went there; of this rank.
struct ClientMemoryTraffic {
  std::int64_t loads = 0, hits = 0, read = 0, written = 0;
};

/// What clients remember between rounds, S floats each. Called by several threads at once for different clients.
class ClientMemory {
 public:
  virtual ~ClientMemory() = default;
  /// What client `id` remembers; false (and out untouched) if it has never stored anything.
  virtual bool load(ClientId id, std::span<float> out) = 0;
  /// `round` is 1 for the first round, as in RoundReport: what is stored in round r belongs to r completed rounds.
  virtual void store(ClientId id, std::int64_t round, std::span<const float> in) = 0;
  /// Makes everything stored so far durable: the state of `round` completed rounds can be reread after a crash.
  virtual void commit(std::int64_t round) = 0;
  /// Whom load() will be asked for next, about in this order, in place of what was said before. Here: no matter.
  virtual void expect(std::span<const ClientId> ids) { (void)ids; }
  virtual ClientMemoryTraffic traffic() const { return {}; }
};

/// Client memory that ends with the process: tests, and algorithms run without a run file.
std::unique_ptr<ClientMemory> make_memory_in_ram();

}  // namespace fedscape
