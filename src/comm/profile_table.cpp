#include "fedscape/comm/profile_table.hpp"

#include <algorithm>
#include <cstring>

#include "fedscape/base/check.hpp"

namespace fedscape {

namespace {

/// An entry of a thread as it travels.
struct Wire {
  Phase phase;
  char kind[36];  // ends in a zero
  std::int64_t calls;
  double seconds;
  Cost cost;
};

/// What a thread sends beside its entries.
struct Thread {
  double wall_seconds;
  Peaks peaks;
};

template <class T>
std::vector<T> all_of(Communicator& comm, const std::vector<T>& mine) {
  std::vector<std::byte> bytes;
  comm.all_gather(std::as_bytes(std::span(mine)), bytes);
  std::vector<T> all(bytes.size() / sizeof(T));
  if (!all.empty()) std::memcpy(static_cast<void*>(all.data()), bytes.data(), bytes.size());
  return all;
}

Wire wire_of(const ProfileEntry& entry) {
  Wire wire{.phase = entry.phase, .kind = {}, .calls = entry.calls, .seconds = entry.seconds, .cost = entry.cost};
  FEDSCAPE_CHECK(entry.kind.size() < sizeof wire.kind, "the kind of work '{}' has too long a name", entry.kind);
  entry.kind.copy(wire.kind, entry.kind.size());
  return wire;
}

void add(std::vector<Wire>& sums, const Wire& term) {
  for (Wire& sum : sums) {
    if (sum.phase != term.phase || std::strcmp(sum.kind, term.kind) != 0) continue;
    sum.calls += term.calls;
    sum.seconds += term.seconds;
    sum.cost.flops += term.cost.flops;
    sum.cost.bytes += term.cost.bytes;
    return;
  }
  sums.push_back(term);
}

}  // namespace

ProfileTable sum_profiles(std::span<const Profile> mine, std::span<const Peaks> peaks, Communicator& comm) {
  FEDSCAPE_CHECK(peaks.empty() || peaks.size() == mine.size(), "{} peaks for {} threads", peaks.size(), mine.size());
  std::vector<Wire> entries;
  std::vector<Thread> threads;
  for (std::size_t i = 0; i < mine.size(); ++i) {
    for (const ProfileEntry& entry : mine[i].entries()) entries.push_back(wire_of(entry));
    threads.push_back({mine[i].wall_seconds(), peaks.empty() ? Peaks{} : peaks[i]});
  }
  std::vector<Wire> sums;
  for (const Wire& entry : all_of(comm, entries)) add(sums, entry);
  std::stable_sort(sums.begin(), sums.end(), [](const Wire& a, const Wire& b) { return a.phase < b.phase; });

  ProfileTable table;
  for (const Wire& sum : sums)
    table.rows.push_back({std::string(name(sum.phase)), sum.kind, sum.calls, sum.seconds, sum.cost});
  const std::vector<Thread> all_threads = all_of(comm, threads);
  table.ranks = comm.size();
  table.threads = std::ssize(all_threads);
  const double n = static_cast<double>(table.threads);
  for (const Thread& thread : all_threads) {
    table.wall_seconds += thread.wall_seconds / n;
    table.peaks.flops += thread.peaks.flops / n;
    table.peaks.bytes += thread.peaks.bytes / n;
  }
  return table;
}

}  // namespace fedscape
