#include "kernels/cuda/exact_sum.hpp"

#include <limits>

#include "tests/kernels/bodies.hpp"

namespace fedscape {
namespace {

constexpr int kRows = 9;
constexpr std::int64_t kColumns = 700;

std::vector<double> weights() {
  std::vector<double> scaled;
  for (const float w : test::random_floats(kRows, 2)) scaled.push_back(static_cast<double>(w) * 0x1p44);
  return scaled;
}

TEST(ExactSumOnGrid, HasTheSameBits) {
  Stream stream;
  const std::vector<float> rows = test::random_floats(kRows * kColumns, 1, -1e4f, 1e4f);
  FEDSCAPE_BODIES(stream, exact_sum).expect_same([&](auto body) {
    std::vector<std::int64_t> total(kColumns, 3);
    EXPECT_EQ(body(weights().data(), rows.data(), 0x1p18f, total.data(), kRows, kColumns), -1);
    return total;
  });
}

TEST(ExactSumOnGrid, NamesTheFirstBadRow) {
  Stream stream;
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), -0x1p19f}) {
    std::vector<float> rows = test::random_floats(kRows * kColumns, 1);
    rows[8 * kColumns] = rows[4 * kColumns + 699] = rows[5 * kColumns + 2] = bad;
    FEDSCAPE_BODIES(stream, exact_sum).expect_same([&](auto body) {
      std::vector<std::int64_t> total(kColumns);
      return std::vector<int>{body(weights().data(), rows.data(), 0x1p18f, total.data(), kRows, kColumns)};
    });
  }
}

TEST(ExactSumOnGrid, ValuesHaveTheSameBits) {
  Stream stream;
  std::vector<std::int64_t> total;
  for (const float x : test::random_floats(kColumns, 1)) total.push_back(static_cast<std::int64_t>(x * 0x1p60f));
  FEDSCAPE_BODIES(stream, exact_value).expect_same([&](auto body) {
    std::vector<float> values(kColumns);
    body(total.data(), 0x1p-44, values.data(), kColumns);
    return values;
  });
}

}  // namespace
}  // namespace fedscape
