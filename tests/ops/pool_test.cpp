#include "fedscape/ops/pool.hpp"

#include <bit>
#include <cmath>
#include <limits>

#include "tests/support/devices.hpp"

namespace fedscape {
namespace {

constexpr int kHeight = 5, kWidth = 6;
constexpr int kOutHeight = kHeight / 2, kOutWidth = kWidth / 2;

/// Few values, of them zeros of both signs and NaN, so that windows have ties of every kind.
std::vector<float> coarse_maps(int channels) {
  std::vector<float> x = test::random_floats(kHeight * kWidth * channels, 1);
  for (float& value : x)
    value = value > 0.9f ? std::numeric_limits<float>::quiet_NaN() : std::copysign(std::round(value), value);
  return x;
}

/// Calls f(output, pixels) for each 2x2 window and channel; pixels are the indices of its elements in row order.
template <class F>
void for_each_window(int channels, F&& f) {
  for (int o = 0; o < kOutHeight * kOutWidth * channels; ++o) {
    const int c = o % channels, column = o / channels % kOutWidth, row = o / channels / kOutWidth;
    const int first = (2 * row * kWidth + 2 * column) * channels + c, below = first + kWidth * channels;
    f(static_cast<std::size_t>(o),
      std::vector<std::size_t>{static_cast<std::size_t>(first), static_cast<std::size_t>(first + channels),
                               static_cast<std::size_t>(below), static_cast<std::size_t>(below + channels)});
  }
}

/// The first NaN, or else the first of the largest.
std::size_t winner(const std::vector<float>& x, const std::vector<std::size_t>& pixels) {
  std::size_t best = pixels[0];
  for (const std::size_t pixel : pixels)
    if (!std::isnan(x[best]) && !(x[pixel] <= x[best])) best = pixel;
  return best;
}

const std::vector<int> kCounts = {1};
const Batch kBatch = {1, 1, kCounts};

class Pool : public test::OnDevice {};

TEST_P(Pool, TheFirstMaximumOrNanOfAWindowOfTwoByTwoIsItsOutputAndTakesTheGradient) {
  for (const int channels : {1, 3, 4, 5, 6, 7, 8, 13, 16, 22, 43}) {
    const std::vector<float> x = coarse_maps(channels);
    const std::vector<float> dy = test::random_floats(kOutHeight * kOutWidth * channels, 2);
    const ops::PoolShape shape{kHeight, kWidth, channels};
    const Shape in{1, 1, kHeight, kWidth, channels}, out{1, 1, kOutHeight, kOutWidth, channels};
    const Tensor<float> maps = device(x, in), y(stream, out), dx(stream, in);
    ops::max_pool_forward(stream, shape, kBatch, maps, y);
    ops::max_pool_backward(stream, shape, kBatch, maps, y, device(dy, out), dx);
    std::vector<float> gradient(x.size(), 0.0f);
    const auto result = host(y);
    for_each_window(channels, [&](std::size_t o, const std::vector<std::size_t>& pixels) {
      const std::size_t best = winner(x, pixels);
      EXPECT_EQ(std::bit_cast<int>(result[o]), std::bit_cast<int>(x[best])) << o << " of " << channels;
      if (!std::isnan(x[best])) gradient[best] = dy[o];
    });
    EXPECT_EQ(host(dx), gradient) << channels;
  }
}

FEDSCAPE_ON_DEVICES(Pool);

}  // namespace
}  // namespace fedscape
