#include "fedscape/ops/exact_sum.hpp"

#include <cmath>
#include <limits>
#include <numeric>

#include "kernels/exact_sum.hpp"
#include "tests/support/devices.hpp"

namespace fedscape {
namespace {

std::int64_t term(double weight, float x) { return std::llrint(weight * static_cast<double>(x) * 0x1p44); }

TEST(RoundExactly, AgreesWithLlrintAtEveryMagnitude) {
  for (std::uint64_t i = 0; i < 200000; ++i) {
    RngBlock words;
    philox({.seed = 2}, static_cast<std::uint32_t>(i), words);
    const double mantissa = 1 + words[0] * 0x1p-32 + words[1] * 0x1p-52;
    const double v = std::ldexp(words[2] & 1 ? mantissa : -mantissa, static_cast<int>(words[3] % 82) - 20);
    ASSERT_EQ(kernels::round_exactly(v), std::llrint(v)) << v;
  }
}

TEST(RoundExactly, TakesTiesToEvenAndMeetsItsLimits) {
  for (const double high : {0.0, 0x1p31, 0x1p32, 3 * 0x1p31, 0x1p50, 0x1p51})
    for (const double low : {0.0, 0.5, 1.0, 1.5, 2.5, 0.49999999999999994, 0.5000000000000001, 2147483647.5})
      for (const double sign : {1.0, -1.0}) {
        const double up = sign * (high + low), down = sign * (high - low);
        EXPECT_EQ(kernels::round_exactly(up), std::llrint(up)) << up;
        EXPECT_EQ(kernels::round_exactly(down), std::llrint(down)) << down;
      }
  for (const double edge : {0x1p62, -0x1p62, 0x1p62 - 512, 0x1p-1074, -0.0, 0x1p52 - 1, 0x1p52 + 1, 0x1p53 + 2})
    EXPECT_EQ(kernels::round_exactly(edge), std::llrint(edge)) << edge;
}

TEST(RoundSmall, AgreesWithLlrintUpToItsLimitTiesIncluded) {
  for (std::uint32_t i = 0; i < 200000; ++i) {
    RngBlock words;
    philox({.seed = 3}, i, words);
    const double any = std::ldexp(words[0] + words[1] * 0x1p-32, static_cast<int>(words[2] % 40) - 21);
    for (const double v : {any, -any, std::floor(any) + 0.5, -std::floor(any) - 0.5})
      ASSERT_EQ(static_cast<std::int64_t>(kernels::round_small(v)), std::llrint(v)) << v;
  }
  for (const double edge : {0x1p51, 0x1p51 - 0.25, 0x1p51 - 0.5, 0x1p51 - 1.5, 0.5, 1.5, 2.5, 0x1p-1074, 0.0})
    for (const double v : {edge, -edge})
      EXPECT_EQ(static_cast<std::int64_t>(kernels::round_small(v)), std::llrint(v)) << v;
}

class ExactSumOp : public test::OnDevice {
 protected:
  std::vector<std::int64_t> summed(const std::vector<double>& weights, const std::vector<float>& rows) {
    const auto M = static_cast<std::int64_t>(weights.size()), Q = static_cast<std::int64_t>(rows.size()) / M;
    Tensor<std::int64_t> total = device(std::vector<std::int64_t>(static_cast<std::size_t>(Q), 5), {Q});
    EXPECT_EQ(ops::exact_sum(stream, weights, device(rows, {M, Q}), total), -1);
    return host(total);
  }
};

TEST_P(ExactSumOp, AddsTheRoundedTermsOfItsDefinition) {
  for (const int Q : {1, 31, 32, 100, 1003}) {
    const std::vector<double> weights = {0.1, 1.0 / 3, 0.5, -0.01};
    auto rows = test::random_floats(4 * Q, static_cast<std::uint32_t>(Q));
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = std::ldexp(rows[i], static_cast<int>(i % 60) - 42);
    const auto total = summed(weights, rows);
    for (int q = 0; q < Q; ++q) {
      std::int64_t expected = 5;
      for (int m = 0; m < 4; ++m) expected += term(weights[m], rows[m * Q + q]);
      ASSERT_EQ(total[q], expected) << Q << "," << q;
    }
  }
}

TEST_P(ExactSumOp, AddsLargeAndSmallTermsAlikeInStripsOfAnyLength) {
  for (const int M : {1, 2, 7, 15})
    for (const int Q : {16384, 16384 + 37}) {
      const std::vector<double> weights(static_cast<std::size_t>(M), 1.0 / 16);
      auto rows = test::random_floats(M * Q, 3);
      for (std::size_t i = 7; i < rows.size(); i += 10007) rows[i] = std::copysign(200000.0f, rows[i]);
      const auto total = summed(weights, rows);
      for (int q = 0; q < Q; ++q) {
        std::int64_t expected = 5;
        for (int m = 0; m < M; ++m) expected += term(weights[m], rows[m * Q + q]);
        ASSERT_EQ(total[q], expected) << M << "," << Q << "," << q;
      }
    }
}

TEST_P(ExactSumOp, TakesTiesToEvenOnBothSidesOfWhereSmallTermsEnd) {
  // 128 times the third weight is 2^51 less a half; 256 times it is beyond what counts as small.
  for (const double weight : {0x1p-45, 3 * 0x1p-46, 1 - 0x1p-52, 1 - 0x1p-50, 0x1p-44 + 0x1p-46})
    for (const float largest : {1.0f, 127.99999f, 128.0f, 128.00002f, 256.0f}) {
      const std::vector<float> row = {largest, -largest, 1, -1, 2, 3, -3, 5, 7, 0, 0.5f, -0.5f, 1.5f, -2.5f, 0x1p-8f};
      std::vector<float> rows;  // enough for whole registers
      for (int i = 0; i < 4; ++i) rows.insert(rows.end(), row.begin(), row.end());
      for (float& x : rows) x = std::copysign(std::min(std::fabs(x), largest), x);
      const auto total = summed({weight}, rows);
      for (std::size_t q = 0; q < rows.size(); ++q)
        ASSERT_EQ(total[q], 5 + term(weight, rows[q])) << weight << " times " << rows[q];
    }
}

TEST_P(ExactSumOp, HoldsTheLargestValuesWithoutOverflow) {
  const std::vector<double> weights(10, 0.1);
  const std::vector<float> rows(10 * 33, -ops::kExactLimit);
  EXPECT_EQ(summed(weights, rows), std::vector<std::int64_t>(33, 5 + 10 * term(0.1, -ops::kExactLimit)));
}

TEST_P(ExactSumOp, DoesNotDependOnHowTermsAreGrouped) {
  const int M = 6, Q = 200;
  const std::vector<double> weights = {0.3, 0.05, 0.15, 0.2, 0.1, 0.2};
  const auto rows = test::random_floats(M * Q, 9);
  Tensor<std::int64_t> total = device(std::vector<std::int64_t>(Q, 5), {Q});
  const Tensor<float> stack = device(rows, {M, Q});
  for (int m = M - 1; m >= 0; --m)
    ops::exact_sum(stream, std::span(&weights[m], 1), stack.view().rows(m, m + 1), total);
  EXPECT_EQ(host(total), summed(weights, rows));
}

TEST_P(ExactSumOp, NamesTheFirstRowThatIsNotFiniteOrTooLarge) {
  const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
  const std::vector<double> weights(4, 0.25);
  for (const float bad : {nan, -nan, infinity, -infinity, std::nextafter(ops::kExactLimit, infinity)})
    for (const int at : {0, 40, 64}) {
      std::vector<float> rows(4 * 65, 1);
      rows[3 * 65] = nan;
      rows[2 * 65 + at] = bad;
      Tensor<std::int64_t> total = device(std::vector<std::int64_t>(65), {65});
      EXPECT_EQ(ops::exact_sum(stream, weights, device(rows, {4, 65}), total), 2) << bad << " at " << at;
    }
}

TEST_P(ExactSumOp, RefusesWeightsThatCouldOverflow) {
  const Tensor<float> rows(stream, {2, 3});
  Tensor<std::int64_t> total(stream, {3});
  EXPECT_THROW(ops::exact_sum(stream, std::vector{0.7, -0.7}, rows, total), Error);
  EXPECT_THROW(ops::exact_sum(stream, std::vector{0.5, std::nan("")}, rows, total), Error);
}

TEST_P(ExactSumOp, GivesBackTheWeightedMeanOfEqualRowsExactly) {
  const auto row = test::random_floats(77, 11);
  std::vector<float> rows;
  for (int m = 0; m < 4; ++m) rows.insert(rows.end(), row.begin(), row.end());
  std::vector<std::int64_t> sums = summed(std::vector<double>(4, 0.25), rows);
  for (std::int64_t& sum : sums) sum -= 5;
  Tensor<float> values(stream, {77});
  ops::exact_value(stream, device(sums, {77}), values);
  EXPECT_EQ(host(values), row);  // 24 bits at magnitude >= 2^-20 need no more than 44 digits
}

FEDSCAPE_ON_DEVICES(ExactSumOp);

}  // namespace
}  // namespace fedscape
