#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "fedscape/device/stream.hpp"

namespace fedscape {

/// What a thread spends its time on. load: models are put where they are needed (copied to clients, perturbed, packed);
/// aggregation: uploads, their sum, the server's update; waiting: for other threads or ranks; other: all the rest.
enum class Phase { io, gather, load, forward, loss, backward, update, aggregation, communication, waiting, other };
inline constexpr int kPhases = 11;
std::string_view name(Phase phase);

/// What a piece of work must do at least. flops: floating-point operations, two for a multiply-add. bytes: of the
/// arrays it reads and of those it writes, each once, wherever they lie.
struct Cost {
  double flops = 0, bytes = 0;
};

/// One row: a phase, and where it has several, the kind of work ("conv").
struct ProfileEntry {
  Phase phase = Phase::other;
  std::string_view kind;
  std::int64_t calls = 0;
  double seconds = 0;
  Cost cost;
};

/// Where the time of one thread goes. Every moment between start and stop belongs to exactly one entry, that of the
/// innermost ProfileScope, so the seconds add up to the time between them. Allocates nothing. On a CUDA device work
/// runs behind the calls that ask for it: the times are those of the calling thread.
class Profile {
 public:
  static constexpr std::size_t kMostEntries = 64;  // what does not fit counts as other

  /// Forgets all and starts the clock. Outside of scopes time goes to `phase`.
  void start(Phase phase = Phase::other, std::string_view kind = {});
  void stop();
  double wall_seconds() const { return wall_; }  // from start to stop
  /// What the thread is at.
  std::pair<Phase, std::string_view> now() const { return {entries_[now_].phase, entries_[now_].kind}; }
  /// In the order of their first calls; `other` is the first.
  std::span<const ProfileEntry> entries() const { return std::span(entries_).first(count_); }

 private:
  friend class ProfileScope;
  using Clock = std::chrono::steady_clock;
  std::size_t enter(Phase phase, std::string_view kind, const Cost& cost);  // returns the entry that it interrupts
  void leave(std::size_t interrupted) { go_to(interrupted); }
  std::size_t find(Phase phase, std::string_view kind);
  void go_to(std::size_t entry);

  std::array<ProfileEntry, kMostEntries> entries_;
  std::size_t count_ = 0, now_ = 0;
  Clock::time_point start_, since_;
  double wall_ = 0;
};

/// Time from its construction to its end is spent on `phase`, except where another scope begins inside. `kind` must
/// outlive the profile: a literal. Where the stream is not profiled a scope does nothing.
class ProfileScope {
 public:
  ProfileScope(Profile* profile, Phase phase, std::string_view kind = {}, const Cost& cost = {}) : profile_(profile) {
    if (profile_) [[unlikely]]
      interrupted_ = profile_->enter(phase, kind, cost);
  }
  ProfileScope(Stream& stream, Phase phase, std::string_view kind = {}, const Cost& cost = {})
      : ProfileScope(stream.profile(), phase, kind, cost) {}
  ~ProfileScope() {
    if (profile_) [[unlikely]]
      profile_->leave(interrupted_);
  }
  ProfileScope(const ProfileScope&) = delete;
  ProfileScope& operator=(const ProfileScope&) = delete;

 private:
  Profile* profile_;
  std::size_t interrupted_ = 0;
};

/// What `work` returns, in a scope of its own.
template <class Work>
decltype(auto) in_phase(Stream& stream, Phase phase, std::string_view kind, Work&& work) {
  const ProfileScope scope(stream, phase, kind);
  return work();
}

}  // namespace fedscape
