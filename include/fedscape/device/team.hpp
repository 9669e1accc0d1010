#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>

#include "fedscape/device/workers.hpp"

namespace fedscape {

/// While it lives, the work of the calling thread is shared with all workers wherever share_out splits it: one large
/// model is then trained by several threads.
class Team {
 public:
  explicit Team(Workers& workers) : stream_(workers.stream()) { stream_.set_team(&workers); }
  ~Team() { stream_.set_team(nullptr); }
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

 private:
  Stream& stream_;
};

/// Elements that a thread takes at least where little is done with each.
inline constexpr std::int64_t kLeastElements = 1 << 14;

/// Threads among which the work of a stream is shared: 1 without a team.
inline int team_size(Stream& stream) { return stream.team() ? stream.team()->size() : 1; }

/// Calls work(stream, task) for tasks 0..tasks-1: in any order by the team, each thread with a stream of its own, or
/// one after the other where there is none. Returns when all have ended. Allocates nothing.
template <class Work>
void share_out(Stream& stream, std::int64_t tasks, Work&& work) {
  if (tasks > 1 && stream.team()) {
    const auto on_worker = [&](Stream& own, int, std::int64_t task) { work(own, task); };
    return stream.team()->run(tasks, std::cref(on_worker));
  }
  for (std::int64_t task = 0; task < tasks; ++task) work(stream, task);
}

/// Calls work(stream, begin, end) for ranges that cover 0..n-1, none shorter than `least` unless n is. How they are cut
/// depends on the threads: for work whose bits depend on no range.
template <class Work>
void share_range(Stream& stream, std::int64_t n, std::int64_t least, Work&& work) {
  const int threads = team_size(stream);
  const std::int64_t ranges = threads == 1 ? 1 : std::clamp<std::int64_t>(n / least, 1, 2 * std::int64_t{threads});
  share_out(stream, ranges, [&](Stream& own, std::int64_t i) { work(own, n * i / ranges, n * (i + 1) / ranges); });
}

}  // namespace fedscape
