#include "fedscape/device/pick.hpp"

#include <gmock/gmock.h>

#include "fedscape/device/memory.hpp"
#include "tests/support/devices.hpp"
#include "tests/support/message_of.hpp"

namespace fedscape {
namespace {

TEST(PickDevice, TakesTheCpuWhenAsked) { EXPECT_EQ(pick_device("cpu", 3), Device{}); }

TEST(PickDevice, SharesDevicesOutAndFallsBackOnlyWhenAuto) {
  EXPECT_EQ(pick_device("auto", 1), Device{});
  if (const int devices = cuda_device_count(); devices > 0) {
    EXPECT_EQ(pick_device("cuda", devices + 1), (Device{DeviceKind::cuda, 1 % devices}));
  } else {
    EXPECT_THAT(test::message_of([] { pick_device("cuda", 0); }),
                testing::HasSubstr("--device cuda: no usable CUDA device"));
  }
}

TEST(PickDevice, NamesWhatIsPossible) {
  EXPECT_THAT(test::message_of([] { pick_device("gpu", 0); }), testing::HasSubstr("auto, cpu, cuda"));
}

class DeviceMemory : public test::OnDevice {};

TEST_P(DeviceMemory, KeepsWhatIsCopiedAndIsAligned) {
  const auto values = test::random_floats(1000, 1);
  const Tensor<float> first = device(values, {1000});
  Tensor<float> second(stream, {1000});
  copy_on_device(stream, second.data(), first.data(), 1000 * sizeof(float));
  EXPECT_EQ(host(second), values);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(second.data()) % 64, 0u);
  for (const ArenaScope scope(stream); const std::int64_t n : {1, 17, 5})
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(Tensor<float>(stream, {n}).data()) % 64, 0u);
}

TEST_P(DeviceMemory, SaysHowMuchItCouldNotGet) {
  const std::size_t too_much = std::size_t{1} << 60;
  EXPECT_THAT(test::message_of([&] { allocate(GetParam(), too_much); }),
              testing::HasSubstr("1152921504606846976 bytes"));
}

FEDSCAPE_ON_DEVICES(DeviceMemory);

}  // namespace
}  // namespace fedscape
