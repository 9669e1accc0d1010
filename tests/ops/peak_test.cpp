#include "fedscape/ops/peak.hpp"

#include <gtest/gtest.h>

#include "fedscape/tensor/tensor.hpp"
#include "kernels/peak.hpp"

namespace fedscape {
namespace {

TEST(Peak, MultiplyAddsEndWhereTheArithmeticSays) {
  // x -> (x + 1) / 2 halves the distance to 1 each time; the chains start at 3, 3.001, ...
  EXPECT_NEAR(kernels::multiply_adds(kernels::Cpu{}, 3, 3.0f), 1.25f, 0.002f);
  EXPECT_EQ(kernels::multiply_adds(kernels::Cpu{}, 100, 3.0f), 1.0f);
}

TEST(Peak, OfACoreIsBetweenOneAndAThousandGigaflops) {
  Stream stream;
  const double rate = ops::multiply_add_rate(stream, 0.01);
  EXPECT_GT(rate, 1e9);
  EXPECT_LT(rate, 1e12);
}

TEST(Peak, OfACopyLeavesTheCopy) {
  Stream stream;
  Tensor<float> from(stream, {1000}), to(stream, {1000});
  for (int i = 0; i < 1000; ++i) from.data()[i] = static_cast<float>(i);
  EXPECT_GT(ops::copy_rate(stream, from.view(), to.view(), 0.001), 1e8);
  EXPECT_EQ(to_host(stream, to.view()), to_host(stream, from.view()));
}

}  // namespace
}  // namespace fedscape
