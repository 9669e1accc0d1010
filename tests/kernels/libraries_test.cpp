#include "kernels/cuda/libraries.hpp"

#include "tests/kernels/bodies.hpp"

/// What fedscape does itself around a library's product: bias, residual and ReLU after it, samples that are not real
/// out of its sums, the gradients by biases.
namespace fedscape {
namespace {

namespace on_grid = kernels::on_grid;

class LibrariesOnGrid : public testing::TestWithParam<bool> {
 protected:
  static constexpr int kBatchSize = 3;
  static constexpr std::int64_t kOfSample = 4 * 5 * 7;

  Slot<float> rows(std::vector<float>& values) const { return {values.data(), kBatchSize * kOfSample}; }
  Slot<const float> rows(const std::vector<float>& values) const { return {values.data(), kBatchSize * kOfSample}; }
  bool real(int m, std::int64_t i) const { return i < batch.count(m) * kOfSample; }
  /// f(model, element of its batch, element of the array)
  template <class F>
  void each(F&& f) const {
    for (int m = 0; m < test::kModels; ++m)
      for (std::int64_t i = 0; i < kBatchSize * kOfSample; ++i)
        f(m, i, static_cast<std::size_t>(m * kBatchSize * kOfSample + i));
  }

  Stream stream;
  const test::HostGrid grid{stream, GetParam()};
  const ops::ConvShape shape{4, 5, 3, 7, 3, 3, 1, 1, 1, 1};  // outputs [4,5,7]
  const std::vector<int> counts = cases::ragged(test::kModels, kBatchSize);
  const Batch batch{test::kModels, kBatchSize, counts};
  const std::vector<float> y = test::random_floats(test::kModels * kBatchSize * kOfSample, 1),
                           other = test::random_floats(test::kModels * kBatchSize * kOfSample, 2),
                           biases = test::random_floats(test::kModels * 9, 3);  // 7 of 9 in a row
};

TEST_P(LibrariesOnGrid, BiasResidualAndReluFollowTheProduct) {
  for (const bool with_bias : {false, true})
    for (const bool with_residual : {false, true})
      for (const bool relu : {false, true}) {
        std::vector<float> out = y;
        on_grid::finish_outputs(grid, shape, batch,
                                with_bias ? Slot<const float>{biases.data(), 9} : Slot<const float>(),
                                with_residual ? rows(other) : Slot<const float>(), relu, rows(out));
        each([&](int m, std::int64_t i, std::size_t at) {
          float expected = y[at];
          if (real(m, i)) {
            if (with_bias) expected += biases[static_cast<std::size_t>(m * 9 + i % 7)];
            if (with_residual) expected += other[at];
            if (relu) expected = std::max(expected, 0.0f);
          }
          ASSERT_EQ(out[at], expected) << "model " << m << ", element " << i;
        });
      }
}

TEST_P(LibrariesOnGrid, WhatIsNotRealBecomesZero) {
  std::vector<float> cleared = y;
  on_grid::clear_unreal(grid, batch, kOfSample, rows(std::as_const(cleared)));
  each([&](int m, std::int64_t i, std::size_t at) { ASSERT_EQ(cleared[at], real(m, i) ? y[at] : 0); });
}

TEST_P(LibrariesOnGrid, WhatOneModelNeedsOfASharedArrayStays) {
  const std::vector<int> fewer{1, 0, 2, 1, 0};
  std::vector<float> shared(y.begin(), y.begin() + kBatchSize * kOfSample);
  on_grid::clear_unreal(grid, {test::kModels, kBatchSize, fewer}, kOfSample, {shared.data(), 0});
  for (std::size_t i = 0; i < shared.size(); ++i)
    ASSERT_EQ(shared[i], i < 2 * static_cast<std::size_t>(kOfSample) ? y[i] : 0) << i;
}

TEST_P(LibrariesOnGrid, GradientsByBiasesAreSumsOfRealRows) {
  std::vector<float> found(biases.size(), 7);
  on_grid::sum_biases(grid, shape, batch, rows(y), {found.data(), 9});
  std::vector<double> expected(biases.size());
  each([&](int m, std::int64_t i, std::size_t at) {
    if (real(m, i)) expected[static_cast<std::size_t>(m * 9 + i % 7)] += static_cast<double>(y[at]);
  });
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (i % 9 < 7)
      EXPECT_NEAR(found[i], expected[i], 1e-6 * (1 + std::abs(expected[i])));
    else
      EXPECT_EQ(found[i], 7);
  }
}

INSTANTIATE_TEST_SUITE_P(Order, LibrariesOnGrid, testing::Bool(),
                         [](const auto& order) { return order.param ? "backwards" : "forwards"; });

}  // namespace
}  // namespace fedscape
