#include "fedscape/app/progress.hpp"

#include <gtest/gtest.h>

#include "fedscape/app/machine.hpp"
#include "fedscape/app/stop.hpp"

#include <csignal>

namespace fedscape {
namespace {

TEST(Progress, DurationsAreShownInTheUnitTheyNeed) {
  EXPECT_EQ(duration(3.21), "3.2 s");
  EXPECT_EQ(duration(59.4), "59 s");
  EXPECT_EQ(duration(59.6), "1:00 min");
  EXPECT_EQ(duration(245), "4:05 min");
  EXPECT_EQ(duration(7800), "2:10:00 h");
}

TEST(Progress, BytesAreShownInPowersOfTen) {
  EXPECT_EQ(byte_count(512), "512 B");
  EXPECT_EQ(byte_count(1500), "1.5 kB");
  EXPECT_EQ(byte_count(123456789), "123 MB");
}

TEST(Machine, TheBuildIsAVersionAndAHashOfTheExecutable) {
  const std::string build = build_text(), before = "fedscape 0.1.0 (";
  EXPECT_EQ(build.substr(0, before.size()), before);
  EXPECT_GE(build.size(), before.size() + 16 + 1);
  EXPECT_EQ(build.find_first_not_of("0123456789abcdef", before.size()), build.size() - 1);
}

TEST(Machine, AnUnknownDeviceOrThreadCountIsRefused) {
  EXPECT_NO_THROW(MachineOptions{}.check());
  EXPECT_THROW((MachineOptions{.device = "gpu"}.check()), Error);
  EXPECT_THROW((MachineOptions{.threads = -1}.check()), Error);
}

TEST(Stop, ASignalAsksToStopInsteadOfKilling) {
  watch_stop_signals();
  EXPECT_FALSE(stop_requested());
  std::raise(SIGUSR1);
  EXPECT_TRUE(stop_requested());
}

}  // namespace
}  // namespace fedscape
