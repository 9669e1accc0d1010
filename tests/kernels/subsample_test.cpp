#include "kernels/cuda/subsample.hpp"

#include "tests/kernels/bodies.hpp"

namespace fedscape {
namespace {

TEST(SubsampleOnGrid, HasTheSameBitsForwardAndBackward) {
  Stream stream;
  constexpr int B = 2;
  const std::vector<int> counts = cases::ragged(test::kModels, B);
  const Batch batch{test::kModels, B, counts};
  for (const kernels::Subsample& s :
       {kernels::Subsample{8, 8, 4, 8, 2}, {7, 5, 3, 8, 2}, {5, 9, 3, 3, 3}, {4, 4, 5, 10, 1}, {9, 8, 150, 300, 2}}) {
    const std::int64_t large = B * s.height * s.width * s.channels;
    const std::int64_t small = B * s.out_height() * s.out_width() * s.out_channels;
    const std::vector<float> x = test::random_floats(test::kModels * large, 1);
    const std::vector<float> dy = test::random_floats(test::kModels * small, 2);
    for (const std::int64_t stride : {std::int64_t{0}, large})
      FEDSCAPE_BODIES(stream, subsample_forward).expect_same([&](auto body) {
        std::vector<float> y(dy.size(), 7);
        body(batch, s, Slot<const float>{x.data(), stride}, Slot<float>{y.data(), small});
        return y;
      });
    FEDSCAPE_BODIES(stream, subsample_backward).expect_same([&](auto body) {
      std::vector<float> dx(x.size(), 7);
      body(batch, s, Slot<const float>{dy.data(), small}, Slot<float>{dx.data(), large});
      return dx;
    });
  }
}

}  // namespace
}  // namespace fedscape
