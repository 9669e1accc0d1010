#include "fedscape/ops/norm.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "fedscape/base/rng.hpp"
#include "fedscape/tensor/tensor.hpp"

namespace fedscape {
namespace {

const std::vector<int> kCounts{4};
const Batch kBatch{1, 4, kCounts};

TEST(BatchNorm, AbsentScaleAndShiftAreOneAndZero) {
  Stream stream;
  std::vector<float> values(4 * 3 * 10);
  fill_normal({2}, 0, 1, values);
  const auto x = to_device(stream, values, {1, 4, 3, 10});
  const auto row =
      to_device(stream, std::vector<float>{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, {1, 20});
  Tensor<float> y(stream, x.shape()), z(stream, x.shape()), moments(stream, {1, 3, 10});
  ops::batch_norm_forward(stream, kBatch, 1e-5f, x, slot(row.view(), 0), slot(row.view(), 10), y, moments);
  ops::batch_norm_forward(stream, kBatch, 1e-5f, x, {}, {}, z, moments);
  EXPECT_EQ(to_host(stream, y.view()), to_host(stream, z.view()));
}

TEST(BatchNorm, KeepsItsDigitsFarFromZero) {
  Stream stream;
  std::vector<float> values(4 * 256);
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = 4096 + static_cast<float>(i % 2);  // variance 1/4, exactly
  const auto x = to_device(stream, values, {1, 4, 256, 1});
  Tensor<float> y(stream, x.shape()), moments(stream, {1, 3, 1});
  ops::batch_norm_forward(stream, kBatch, 0, x, {}, {}, y, moments);
  EXPECT_EQ(to_host(stream, moments.view()), (std::vector<float>{4096.5f, 0.25f, 2}));
  EXPECT_EQ(to_host(stream, y.view())[1], 1);
}

TEST(BatchNorm, GradientMayOverwriteTheIncomingOne) {
  Stream stream;
  std::vector<float> values(4 * 3 * 10);
  fill_normal({2}, 0, 1, values);
  const auto x = to_device(stream, values, {1, 4, 3, 10}), dy = to_device(stream, values, {1, 4, 3, 10});
  Tensor<float> y(stream, x.shape()), dx(stream, x.shape()), moments(stream, {1, 3, 10});
  ops::batch_norm_forward(stream, kBatch, 1e-5f, x, {}, {}, y, moments);
  ops::batch_norm_backward(stream, kBatch, x, moments, {}, dy, dx, {}, {});
  ops::batch_norm_backward(stream, kBatch, x, moments, {}, dy, dy, {}, {});
  EXPECT_EQ(to_host(stream, dx.view()), to_host(stream, dy.view()));
}

}  // namespace
}  // namespace fedscape
