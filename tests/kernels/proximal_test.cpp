#include "kernels/cuda/proximal.hpp"

#include "tests/kernels/bodies.hpp"

namespace fedscape {
namespace {

TEST(ProximalOnGrid, AgreesWithOwnAndSharedReferences) {
  Stream stream;
  constexpr std::int64_t P = 9000;
  const std::vector<float> w = test::random_floats(test::kModels * P, 1, -2, 2);
  const std::vector<float> reference = test::random_floats(test::kModels * P, 2);
  for (const ops::Proximal kind : {ops::Proximal::squared, ops::Proximal::smooth_l1})
    for (const std::int64_t stride : {std::int64_t{0}, P})
      for (const std::int64_t length : {std::int64_t{0}, std::int64_t{100}, P - 3})
        FEDSCAPE_BODIES(stream, proximal)
            .expect_same(
                [&](auto body) {
                  std::vector<float> loss(test::kModels, 0.5f), grads = w;
                  body(kind, 0.3f, length, Slot<const float>{w.data() + 3, P},
                       Slot<const float>{reference.data() + 3, stride}, loss.data(), Slot<float>{grads.data() + 3, P},
                       test::kModels);
                  return test::joined(loss, grads);
                },
                1e-6);  // a sum in double of another order, rounded to float once
}

}  // namespace
}  // namespace fedscape
