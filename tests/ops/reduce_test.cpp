#include "fedscape/ops/reduce.hpp"

#include <cmath>
#include <limits>

#include "tests/support/devices.hpp"

namespace fedscape {
namespace {

class Reduce : public test::OnDevice {};

TEST_P(Reduce, AxpbyScalesBothAndNeverReadsWhatBZeroHides) {
  const auto x = test::random_floats(100, 1), y = test::random_floats(100, 2);
  Tensor<float> out = device(y, {4, 25});
  ops::axpby(stream, 2.0f, device(x, {4, 25}), -0.5f, out);
  const auto mixed = host(out);
  for (int i = 0; i < 100; ++i) EXPECT_FLOAT_EQ(mixed[i], 2.0f * x[i] - 0.5f * y[i]);

  Tensor<float> hidden = device(std::vector<float>(100, std::numeric_limits<float>::quiet_NaN()), {4, 25});
  ops::axpby(stream, 1.0f, device(x, {4, 25}), 0.0f, hidden);
  EXPECT_EQ(host(hidden), x);
}

TEST_P(Reduce, FillAndRepeatRows) {
  Tensor<float> floats(stream, {33});
  Tensor<std::int64_t> integers(stream, {33});
  ops::fill(stream, 1.5f, floats);
  ops::fill(stream, std::int64_t{-7}, integers);
  EXPECT_EQ(host(floats), std::vector<float>(33, 1.5f));
  EXPECT_EQ(host(integers), std::vector<std::int64_t>(33, -7));

  Tensor<float> repeated(stream, {5, 2});
  ops::repeat_rows(stream, device(std::vector<float>{1, 2, 3, 4}, {2, 2}), repeated);
  EXPECT_EQ(host(repeated), (std::vector<float>{1, 2, 3, 4, 1, 2, 3, 4, 1, 2}));
}

TEST_P(Reduce, MomentsAndDotMatchLongDoubleSums) {
  for (const std::int64_t n : {1, 15, 16, 17, 1000, 100003}) {
    const auto x = test::random_floats(n, 3), y = test::random_floats(n, 4);
    long double sum = 0, squares = 0, product = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      sum += x[i];
      squares += static_cast<long double>(x[i]) * x[i];
      product += static_cast<long double>(x[i]) * y[i];
    }
    const Tensor<float> xs = device(x, {n}), ys = device(y, {n});
    const ops::Moments moments = ops::moments(stream, xs, {});
    // 16 lanes of n / 16 additions, then 4; terms are at most 1.
    const double tolerance = (static_cast<double>(n) / 16 + 4) * 1.2e-16 * static_cast<double>(n);
    EXPECT_NEAR(moments.sum, static_cast<double>(sum), tolerance);
    EXPECT_NEAR(moments.squares, static_cast<double>(squares), tolerance);
    EXPECT_NEAR(ops::dot(stream, xs, ys), static_cast<double>(product), tolerance);
    EXPECT_EQ(moments.compared, 0);
  }
}

TEST_P(Reduce, MomentsCompareSignsWhereNeitherIsZero) {
  const std::vector<float> x = {1, -1, 0, 2, -3, 1e-30f}, reference = {2, 1, 5, 0, -1, 1e-30f};
  const ops::Moments moments = ops::moments(stream, device(x, {6}), device(reference, {6}));
  EXPECT_EQ(moments.compared, 4);
  EXPECT_EQ(moments.same_sign, 3);
}

TEST_P(Reduce, SumsDoNotDependOnWhereAnArrayBegins) {
  const auto x = test::random_floats(1001, 5);
  std::vector<float> shifted(1, 0.0f);
  shifted.insert(shifted.end(), x.begin(), x.end());
  const Tensor<float> here = device(x, {1001}), there = device(shifted, {1002});
  EXPECT_EQ(ops::moments(stream, here, {}).sum, ops::moments(stream, there.view().rows(1, 1002), {}).sum);
}

FEDSCAPE_ON_DEVICES(Reduce);

}  // namespace
}  // namespace fedscape
