#include "kernels/cuda/channel_map.hpp"

#include "tests/kernels/bodies.hpp"

namespace fedscape {
namespace {

TEST(ChannelMapOnGrid, AgreesWithAndWithoutScaleAndShift) {
  Stream stream;
  constexpr int B = 2;
  constexpr std::int64_t positions = 6, channels = 5;
  const std::vector<int> counts = cases::ragged(test::kModels, B);
  const Batch batch{test::kModels, B, counts};
  const std::vector<float> x = test::random_floats(test::kModels * B * positions * channels, 1);
  const std::vector<float> scale = test::random_floats(channels, 2), shift = test::random_floats(channels, 3);
  for (const float* by : {scale.data(), static_cast<const float*>(nullptr)})
    for (const float* to : {shift.data(), static_cast<const float*>(nullptr)})
      for (const bool shared : {false, true})
        FEDSCAPE_BODIES(stream, map_channels).expect_same([&](auto body) {
          std::vector<float> y(x.size(), 7);
          body(batch, kernels::ChannelMap{channels, positions, by, to}, x.data(), shared, y.data());
          return y;
        });
}

}  // namespace
}  // namespace fedscape
