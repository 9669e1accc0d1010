#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "fedscape/ops/gemm.hpp"
#include "fedscape/tensor/tensor.hpp"

namespace fedscape {
namespace {

constexpr int kBatch = 61;

Tensor<float> waves(Stream& stream, const Shape& shape) {
  Tensor<float> values(stream, shape);
  for (std::int64_t i = 0; i < values.size(); ++i)
    values.data()[i] = std::sin(1.7f * static_cast<float>(i % 9973)) + 1e-3f * static_cast<float>(i % 7);
  return values;
}

/// How many samples have other bits alone than as one of kBatch. run(count, input, output) is the op on `count`
/// samples.
template <class Run>
int changed_samples(Stream& stream, int inputs, int outputs, const Run& run) {
  const Tensor<float> x = waves(stream, {1, kBatch, inputs}), together(stream, {1, kBatch, outputs});
  run(kBatch, x.data(), together.data());
  int changed = 0;
  for (int b = 0; b < kBatch; ++b) {
    const Tensor<float> alone(stream, {1, 1, outputs});
    run(1, x.data() + std::int64_t{b} * inputs, alone.data());
    const std::size_t bytes = static_cast<std::size_t>(outputs) * sizeof(float);
    changed += std::memcmp(alone.data(), together.data() + std::int64_t{b} * outputs, bytes) != 0;
  }
  return changed;
}

TEST(Linear, ASampleHasTheSameBitsInEveryBatch) {
  Stream stream;
  for (const auto& [I, O] : {std::pair{5, 3}, {16, 1}, {84, 10}, {148, 70}, {2087, 19}}) {
    const ArenaScope scope(stream);
    const Tensor<float> w = waves(stream, {1, std::int64_t{I} * O});
    const auto weights = slot<const float>(w, 0);
    const auto forward = [&, I = I, O = O](int count, const float* x, float* y) {
      const std::vector<int> counts{count};
      ops::linear_forward(stream, {1, count, counts}, {x, {1, count, I}}, weights, {}, true, {y, {1, count, O}});
    };
    const auto backward = [&, I = I, O = O](int count, const float* dy, float* dx) {
      const std::vector<int> counts{count};
      ops::linear_backward_data(stream, {1, count, counts}, {dy, {1, count, O}}, weights, {dx, {1, count, I}});
    };
    EXPECT_EQ(changed_samples(stream, I, O, forward), 0) << I << " to " << O;
    EXPECT_EQ(changed_samples(stream, O, I, backward), 0) << I << " to " << O;
  }
}

}  // namespace
}  // namespace fedscape
