#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "fedscape/device/stream.hpp"
#include "fedscape/tensor/view.hpp"

namespace fedscape {

/// The ranks that work together. Every call but rank() and size() is collective unless it says otherwise.
class Communicator {
 public:
  virtual ~Communicator() = default;
  virtual int rank() const = 0;
  virtual int size() const = 0;  // 1 is a valid world: every sum is the identity
  bool is_root() const { return rank() == 0; }

  virtual void sum(Stream& stream, View<std::int64_t> in_place) = 0;  // exact, order-free: what aggregation uses
  virtual void sum(Stream& stream, View<float> in_place) = 0;
  virtual void broadcast(std::span<std::byte> data, int root) = 0;
  /// all = the bytes of every rank in rank order; sizes may differ.
  virtual void all_gather(std::span<const std::byte> mine, std::vector<std::byte>& all) = 0;
  virtual std::int64_t max(std::int64_t value) = 0;
  virtual double max(double value) = 0;
  virtual void barrier() = 0;
  /// The ranks that give the same color (not negative), in rank order.
  virtual std::unique_ptr<Communicator> split(int color) = 0;
  /// A counter that every rank may advance without the others: next() gives 0, 1, 2, ... each number once over all
  /// ranks.
  class Counter {
   public:
    virtual ~Counter() = default;
    virtual std::int64_t next() = 0;  // not collective
    virtual void progress() = 0;      // not collective: lets others' calls through while this rank computes
  };
  virtual std::unique_ptr<Counter> make_counter() = 0;
  /// `bytes` bytes that the ranks of one node share, zeroed; filled by the one for which `fill` is called with them.
  /// An Error thrown by `fill` reaches all ranks as AgreedError. Letting go of it is collective, but on an Error's way.
  virtual std::shared_ptr<const void> share_on_node(std::size_t bytes,
                                                    const std::function<void(std::span<std::byte>)>& fill) = 0;
  /// True on the one rank of each node that share_on_node lets fill.
  virtual bool fills_node() const = 0;
};

/// MPI as long as it lives: initialises in the constructor, finalises in the destructor, which every rank must reach
/// (after what it communicated with is gone): a rank that fails alone calls abort. Only the main thread may
/// communicate.
class MpiSession {
 public:
  MpiSession();
  ~MpiSession();
  MpiSession(const MpiSession&) = delete;
  MpiSession& operator=(const MpiSession&) = delete;
  /// All ranks. Arrays beyond `largest_count` elements are sent in pieces.
  std::unique_ptr<Communicator> world(int largest_count = std::numeric_limits<int>::max());
  /// Ends all ranks; the last resort for an error that one rank alone met.
  [[noreturn]] void abort(int exit_code);
};

/// Runs `work` on every rank; if it threw an Error on any, every rank throws AgreedError with the message of the lowest
/// such rank. Collective: `work` itself must communicate only if it cannot fail before doing so.
class AgreedError : public Error {
 public:
  using Error::Error;
};
void agree(Communicator& comm, const std::function<void()>& work);

}  // namespace fedscape
