#include "src/algo/landscape/tile_feed.hpp"

#include <chrono>

namespace fedscape {

std::size_t TileFeed::room() const {
  const std::lock_guard lock(mutex_);
  return closed_ ? 0 : depth_ - waiting_.size();
}

void TileFeed::add(std::int64_t tile) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(tile);
  }
  added_.notify_one();
}

void TileFeed::cancel() {
  {
    const std::lock_guard lock(mutex_);
    waiting_.clear();
  }
  close();
}

std::optional<std::int64_t> TileFeed::try_take() {
  const std::lock_guard lock(mutex_);
  return pop();
}

std::vector<FinishedTile> TileFeed::collect() {
  const std::lock_guard lock(mutex_);
  return std::exchange(finished_, {});
}

bool TileFeed::done() const {
  const std::lock_guard lock(mutex_);
  return closed_ && waiting_.empty() && under_way_ == 0;
}

void TileFeed::wait_a_little() {
  std::unique_lock lock(mutex_);
  ended_.wait_for(lock, std::chrono::milliseconds(2), [&] { return !finished_.empty(); });
}

void TileFeed::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  added_.notify_all();
}

std::optional<std::int64_t> TileFeed::take() {
  std::unique_lock lock(mutex_);
  added_.wait(lock, [&] { return closed_ || !waiting_.empty(); });
  return pop();
}

void TileFeed::finish(FinishedTile finished) {
  {
    const std::lock_guard lock(mutex_);
    finished_.push_back(std::move(finished));
    --under_way_;
  }
  ended_.notify_one();
}

void TileFeed::give_up() {
  cancel();
  const std::lock_guard lock(mutex_);
  --under_way_;
}

std::optional<std::int64_t> TileFeed::pop() {
  if (waiting_.empty()) return std::nullopt;
  const std::int64_t tile = waiting_.front();
  waiting_.pop_front();
  ++under_way_;
  return tile;
}

}  // namespace fedscape
