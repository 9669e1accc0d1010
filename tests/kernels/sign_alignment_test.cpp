#include "kernels/cuda/sign_alignment.hpp"

#include "tests/kernels/bodies.hpp"

namespace fedscape {
namespace {

TEST(SignAlignmentOnGrid, BothKindsAgree) {
  Stream stream;
  constexpr std::int64_t P = 9000, length = 8500;
  const std::vector<float> w = test::random_floats(test::kModels * P, 1), wanted = test::random_floats(P, 2);
  const std::vector<float> reference = test::random_floats(P, 3);
  for (const auto kind : {ops::SignAlignment::Kind::hinge, ops::SignAlignment::Kind::logistic})
    FEDSCAPE_BODIES(stream, align_signs)
        .expect_same(
            [&](auto body) {
              ops::SignAlignment alignment;
              alignment.kind = kind;
              alignment.weight = 0.3f;
              alignment.threshold = 0.2f;
              std::vector<float> loss(test::kModels, 0.5f), grads = w;
              body(alignment, length, Slot<const float>{w.data() + 3, P}, Slot<const float>{wanted.data() + 3, 0},
                   Slot<const float>{reference.data() + 3, 0}, loss.data(), Slot<float>{grads.data() + 3, P},
                   test::kModels);
              return test::joined(loss, grads);
            },
            1e-6);  // a sum in double of another order, rounded to float once
}

TEST(SignAlignmentOnGrid, SignsHaveTheSameBits) {
  Stream stream;
  const std::vector<float> x = {-2, 0, 3, -0.0f, 0.5f};
  FEDSCAPE_BODIES(stream, signs).expect_same([&](auto body) {
    std::vector<float> out(x.size());
    body(x.data(), out.data(), std::int64_t{5});
    return out;
  });
}

}  // namespace
}  // namespace fedscape
