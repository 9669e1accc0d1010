#include "fedscape/device/profile.hpp"

namespace fedscape {

namespace {

constexpr std::array<std::string_view, kPhases> kNames = {
    "io",     "gather",      "load",          "forward", "loss", "backward",
    "update", "aggregation", "communication", "waiting", "other"};

}  // namespace

std::string_view name(Phase phase) { return kNames[static_cast<std::size_t>(phase)]; }

void Profile::start(Phase phase, std::string_view kind) {
  entries_[0] = {};
  count_ = 1;
  now_ = find(phase, kind);
  start_ = since_ = Clock::now();
}

void Profile::stop() {
  go_to(now_);
  wall_ = std::chrono::duration<double>(since_ - start_).count();
}

std::size_t Profile::enter(Phase phase, std::string_view kind, const Cost& cost) {
  const std::size_t interrupted = now_;
  go_to(find(phase, kind));
  ProfileEntry& entry = entries_[now_];
  ++entry.calls;
  entry.cost.flops += cost.flops;
  entry.cost.bytes += cost.bytes;
  return interrupted;
}

std::size_t Profile::find(Phase phase, std::string_view kind) {
  for (std::size_t i = 0; i < count_; ++i)
    if (entries_[i].phase == phase && entries_[i].kind == kind) return i;
  if (count_ == kMostEntries) return 0;
  entries_[count_] = {.phase = phase, .kind = kind};
  return count_++;
}

void Profile::go_to(std::size_t entry) {
  const Clock::time_point now = Clock::now();
  entries_[now_].seconds += std::chrono::duration<double>(now - since_).count();
  since_ = now;
  now_ = entry;
}

}  // namespace fedscape
