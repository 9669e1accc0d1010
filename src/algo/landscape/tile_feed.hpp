#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <vector>

#include "fedscape/algo/evaluate.hpp"
#include "fedscape/algo/landscape/sweep.hpp"

namespace fedscape {

/// Metrics of the points of one tile; metrics[p * splits + s] belongs to point p and split s.
struct FinishedTile {
  std::int64_t tile = 0;
  std::vector<Metrics> metrics;
};

/// Hands tiles from the one thread that may communicate to the workers of its rank, and their results back.
class TileFeed {
 public:
  /// Holds up to `depth` tiles that no worker has begun.
  explicit TileFeed(std::size_t depth) : depth_(depth) {}

  // The communicating thread's side.
  std::size_t room() const;  // how many more tiles it would hold now; 0 once it is closed
  void add(std::int64_t tile);
  void cancel();  // forgets the tiles that no worker has begun, and closes
  std::optional<std::int64_t> try_take();
  std::vector<FinishedTile> collect();
  /// Closed, and every tile that was taken is finished or given up.
  bool done() const;
  /// Returns when a tile was finished, or after a few milliseconds.
  void wait_a_little();

  // Any worker's side.
  void close();                        // no more tiles will come
  std::optional<std::int64_t> take();  // waits; nothing once the feed is closed and empty
  void finish(FinishedTile finished);
  void give_up();  // a worker that cannot go on returns its tile unfinished

 private:
  std::optional<std::int64_t> pop();

  const std::size_t depth_;
  mutable std::mutex mutex_;
  std::condition_variable added_, ended_;
  std::deque<std::int64_t> waiting_;
  std::vector<FinishedTile> finished_;
  int under_way_ = 0;
  bool closed_ = false;
};

}  // namespace fedscape
