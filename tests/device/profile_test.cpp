#include "fedscape/device/profile.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <thread>

#include "fedscape/device/workers.hpp"

namespace fedscape {
namespace {

double sum_of(const Profile& profile) {
  const auto entries = profile.entries();
  return std::accumulate(entries.begin(), entries.end(), 0.0, [](double s, const auto& e) { return s + e.seconds; });
}

ProfileEntry entry_of(const Profile& profile, Phase phase, std::string_view kind) {
  for (const ProfileEntry& entry : profile.entries())
    if (entry.phase == phase && entry.kind == kind) return entry;
  return {};
}

void nap(int milliseconds) { std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds)); }

TEST(Profile, RowsAddUpToTheTimeBetweenStartAndStop) {
  Profile profile;
  profile.start();
  for (int i = 0; i < 1000; ++i) {
    const ProfileScope outer(&profile, Phase::forward, "conv");
    const ProfileScope inner(&profile, Phase::gather);
  }
  profile.stop();
  EXPECT_GT(profile.wall_seconds(), 0);
  EXPECT_NEAR(sum_of(profile), profile.wall_seconds(), 1e-12 * 4000);  // a rounding for each change of the entry
}

TEST(Profile, AMomentBelongsToTheInnermostScope) {
  Profile profile;
  profile.start();
  {
    const ProfileScope outer(&profile, Phase::io);
    const ProfileScope inner(&profile, Phase::waiting, "ranks");
    nap(20);
  }
  nap(20);
  profile.stop();
  EXPECT_GE(entry_of(profile, Phase::waiting, "ranks").seconds, 0.02);
  EXPECT_GE(entry_of(profile, Phase::other, "").seconds, 0.02);
  EXPECT_NEAR(sum_of(profile), profile.wall_seconds(), 1e-9);  // so none of it is counted as io, too
}

TEST(Profile, CountsCallsAndCostsOfEachKind) {
  Profile profile;
  profile.start();
  for (int i = 0; i < 3; ++i) const ProfileScope scope(&profile, Phase::forward, "conv", {100, 8});
  { const ProfileScope scope(&profile, Phase::forward, "relu", {1, 2}); }
  { const ProfileScope scope(&profile, Phase::backward, "conv", {5, 6}); }
  profile.stop();
  EXPECT_EQ(entry_of(profile, Phase::forward, "conv").calls, 3);
  EXPECT_EQ(entry_of(profile, Phase::forward, "conv").cost.flops, 300);
  EXPECT_EQ(entry_of(profile, Phase::forward, "conv").cost.bytes, 24);
  EXPECT_EQ(entry_of(profile, Phase::forward, "relu").calls, 1);
  EXPECT_EQ(entry_of(profile, Phase::backward, "conv").cost.flops, 5);
}

TEST(Profile, WhatDoesNotFitCountsAsOther) {
  const std::string names(2 * Profile::kMostEntries, 'x');
  Profile profile;
  profile.start();
  for (std::size_t n = 1; n <= names.size(); ++n)
    const ProfileScope scope(&profile, Phase::forward, std::string_view(names).substr(0, n));
  profile.stop();
  EXPECT_EQ(profile.entries().size(), Profile::kMostEntries);
  EXPECT_EQ(entry_of(profile, Phase::other, "").calls, static_cast<std::int64_t>(names.size()) - 63);
  EXPECT_NEAR(sum_of(profile), profile.wall_seconds(), 1e-9);
}

TEST(Profile, OffNothingIsRecorded) {
  Workers workers({}, 2);
  workers.run(8, [](Stream& stream, int, std::int64_t) {
    EXPECT_EQ(stream.profile(), nullptr);
    const ProfileScope scope(stream, Phase::forward, "conv", {1, 1});
  });
  EXPECT_TRUE(workers.stop_profiles().empty());
}

TEST(Profile, OfEveryWorkerCoversTheWholeTime) {
  Workers workers({}, 3);
  workers.start_profiles();
  nap(10);  // the others wait for work
  for (int round = 0; round < 5; ++round)
    workers.run(9, [](Stream& stream, int, std::int64_t) {
      const ProfileScope scope(stream, Phase::forward, "conv", {1, 0});
      nap(1);
    });
  const auto profiles = workers.stop_profiles();
  ASSERT_EQ(profiles.size(), 3u);
  double flops = 0;
  for (const Profile& profile : profiles) {
    EXPECT_GE(profile.wall_seconds(), 0.01 + 5 * 0.003);
    EXPECT_NEAR(sum_of(profile), profile.wall_seconds(), 1e-9);
    flops += entry_of(profile, Phase::forward, "conv").cost.flops;
  }
  EXPECT_EQ(flops, 45);
  EXPECT_GE(entry_of(profiles[1], Phase::waiting, "threads").seconds, 0.01);
  EXPECT_EQ(workers.stream().profile(), nullptr);
}

}  // namespace
}  // namespace fedscape
