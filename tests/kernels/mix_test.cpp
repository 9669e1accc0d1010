#include "kernels/cuda/mix.hpp"

#include "tests/kernels/bodies.hpp"

namespace fedscape {
namespace {

TEST(MixOnGrid, HasTheSameBitsForAnyNumberOfRows) {
  Stream stream;
  constexpr std::int64_t P = 300;
  for (const int A : {1, 7, 8, 19})  // of out: less than what a thread sums, just as many, more
    for (const int M : {0, 1, 6})
      for (const float beta : {0.0f, 0.5f}) {
        const std::vector<float> weights = test::random_floats(A * M, 1), rows = test::random_floats(M * P, 2);
        FEDSCAPE_BODIES(stream, mix).expect_same([&](auto body) {
          std::vector<float> out = test::random_floats(A * P, 3);
          body(weights.data(), rows.data(), beta, out.data(), A, M, P);
          return out;
        });
      }
}

}  // namespace
}  // namespace fedscape
