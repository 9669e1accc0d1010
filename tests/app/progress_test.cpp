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

TEST(Machine, BuildIdIsAHashOfTheExecutable) {
  const std::string id = build_id();
  EXPECT_GE(id.size(), 16u);
  EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), std::string::npos);
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
