#include "kernels/cuda/reduce.hpp"

#include "tests/kernels/bodies.hpp"

namespace fedscape {
namespace {

class ReduceOnGrid : public testing::Test {
 protected:
  Stream stream;
  std::int64_t n = 3 * kernels::kChunk + 5;
  std::vector<float> x = test::random_floats(n, 1), y = test::random_floats(n, 2);
};

TEST_F(ReduceOnGrid, ElementsHaveTheSameBits) {
  for (const float b : {0.0f, 0.5f})
    FEDSCAPE_BODIES(stream, axpby).expect_same([&](auto body) {
      std::vector<float> sum = y;
      body(0.3f, x.data(), b, sum.data(), n);
      return sum;
    });
  FEDSCAPE_BODIES(stream, fill).expect_same([&](auto body) {
    std::vector<float> filled = x;
    body(0.3f, filled.data(), n - 2);
    return filled;
  });
  FEDSCAPE_BODIES(stream, fill).expect_same([&](auto body) {
    std::vector<std::int64_t> filled(40, 1);
    body(std::int64_t{1} << 40, filled.data(), std::int64_t{30});
    return filled;
  });
  FEDSCAPE_BODIES(stream, repeat_rows).expect_same([&](auto body) {
    std::vector<float> out(70 * 8);
    body(x.data(), std::int64_t{3}, out.data(), std::int64_t{8}, std::int64_t{70});
    return out;
  });
}

TEST_F(ReduceOnGrid, SumsAgree) {
  x[7] = y[9] = 0;  // has no sign
  for (const std::int64_t length : {std::int64_t{0}, std::int64_t{100}, n}) {
    for (const float* reference : {static_cast<const float*>(nullptr), static_cast<const float*>(y.data())})
      FEDSCAPE_BODIES(stream, moments)
          .expect_same(
              [&](auto body) {
                const ops::Moments of = body(x.data(), reference, length);
                return std::vector<double>{of.sum, of.squares, of.same_sign, of.compared};
              },
              1e-12);  // sums in double of another order
    FEDSCAPE_BODIES(stream, dot)
        .expect_same([&](auto body) { return std::vector<double>{body(x.data(), y.data(), length)}; }, 1e-12);
  }
}

}  // namespace
}  // namespace fedscape
