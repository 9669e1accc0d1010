#include "fedscape/ops/mix.hpp"

#include <limits>

#include "tests/support/devices.hpp"

namespace fedscape {
namespace {

class Mix : public test::OnDevice {
 protected:
  /// out [A,P] of the op for random rows, in A groups of the given weights.
  std::vector<float> mixed(const std::vector<float>& weights, int M, const std::vector<float>& rows, float beta,
                           std::vector<float> out) {
    const auto A = static_cast<std::int64_t>(weights.size()) / M, P = static_cast<std::int64_t>(rows.size()) / M;
    const Tensor<float> on_device = device(rows, {M, P});
    Tensor<float> result = device(out, {A, P});
    std::vector<float> w = weights;
    ops::mix(stream, View<float>(w.data(), {A, M}), on_device, beta, result);
    return host(result);
  }
};

TEST_P(Mix, IsTheWeightedSumOfRows) {
  const int A = 3, M = 7, P = 2500;  // more than two strips, a row left over of four
  const auto weights = test::random_floats(A * M, 0), rows = test::random_floats(M * P, 1);
  const auto before = test::random_floats(A * P, 2);
  const auto out = mixed(weights, M, rows, 0.5f, before);
  for (int a = 0; a < A; ++a)
    for (int p = 0; p < P; ++p) {
      double expected = 0.5 * before[a * P + p], size = std::abs(expected);
      for (int m = 0; m < M; ++m) {
        expected += double(weights[a * M + m]) * rows[m * P + p];
        size += std::abs(double(weights[a * M + m]) * rows[m * P + p]);
      }
      ASSERT_NEAR(out[a * P + p], expected, size * M * 6e-8) << a << "," << p;
    }
}

TEST_P(Mix, OfAModelWithItselfIsThatModel) {
  const auto row = test::random_floats(1001, 3);
  std::vector<float> twice = row;
  twice.insert(twice.end(), row.begin(), row.end());
  EXPECT_EQ(mixed({0.5f, 0.5f}, 2, twice, 0, row), row);
}

TEST_P(Mix, WithBetaZeroDoesNotReadWhatWasThere) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(mixed({2}, 1, {3, 4}, 0, {nan, nan}), (std::vector<float>{6, 8}));
}

TEST_P(Mix, GivesTheSameBitsForARowWhereverItStandsInItsStack) {
  const int M = 5, P = 37;
  const auto rows = test::random_floats(M * P, 4), weights = test::random_floats(M, 5);
  std::vector<float> three = weights;
  for (int copy = 0; copy < 2; ++copy) three.insert(three.end(), weights.begin(), weights.end());
  const auto alone = mixed(weights, M, rows, 0, std::vector<float>(P));
  const auto stacked = mixed(three, M, rows, 0, std::vector<float>(3 * P));
  for (int a = 0; a < 3; ++a)
    EXPECT_EQ(std::vector<float>(stacked.begin() + a * P, stacked.begin() + (a + 1) * P), alone);
}

TEST_P(Mix, RefusesRowsThatDoNotFit) {
  const Tensor<float> rows(stream, {2, 3});
  Tensor<float> out(stream, {1, 3});
  std::vector<float> weights(3);
  EXPECT_THROW(ops::mix(stream, View<float>(weights.data(), {1, 3}), rows, 0, out), Error);
}

FEDSCAPE_ON_DEVICES(Mix);

}  // namespace
}  // namespace fedscape
