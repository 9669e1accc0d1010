#include "kernels/cuda/feature_loss.hpp"

#include "tests/kernels/bodies.hpp"

namespace fedscape {
namespace {

constexpr int kFeatures = 5, kClasses = 4;
constexpr double kRoundings = 1e-6;  // sums in double of another order, rounded to float once

/// A batch larger than a block.
class FeatureLossOnGrid : public testing::TestWithParam<int> {
 protected:
  /// Loss and gradient, which are added to.
  template <class Call>
  std::vector<float> added(Call&& call, bool gradient) {
    std::vector<float> loss(test::kModels, 0.5f), dx = start;
    call(loss.data(), gradient ? dx.data() : nullptr);
    return test::joined(loss, dx);
  }

  int B = GetParam();
  Stream stream;
  std::vector<int> counts = cases::ragged(test::kModels, B);
  Batch batch{test::kModels, B, counts};
  std::int64_t n = std::int64_t{test::kModels} * B * kFeatures;
  std::vector<float> x = test::random_floats(n, 1), y = test::random_floats(n, 2), z = test::random_floats(n, 3);
  std::vector<float> start = test::random_floats(n, 4);
};

TEST_P(FeatureLossOnGrid, ContrastAgrees) {
  for (const bool gradient : {false, true})
    FEDSCAPE_BODIES(stream, contrast)
        .expect_same(
            [&](auto body) {
              return added([&](float* loss,
                               float* dx) { body(batch, 0.7, 0.5, x.data(), y.data(), z.data(), loss, dx, kFeatures); },
                           gradient);
            },
            kRoundings);
}

TEST_P(FeatureLossOnGrid, MeanDiscrepancyAgrees) {
  for (const bool gradient : {false, true})
    FEDSCAPE_BODIES(stream, mean_discrepancy)
        .expect_same(
            [&](auto body) {
              return added([&](float* loss, float* dx) { body(batch, 0.7, x.data(), y.data(), loss, dx, kFeatures); },
                           gradient);
            },
            kRoundings);
}

TEST_P(FeatureLossOnGrid, PrototypeDistanceAgrees) {
  const std::vector<float> prototypes = test::random_floats(kClasses * kFeatures, 5), known = {1, 0, 1, 1};
  const std::vector<std::int32_t> labels = test::some_labels(test::kModels * B, kClasses);
  for (const bool gradient : {false, true})
    FEDSCAPE_BODIES(stream, prototype_distance)
        .expect_same(
            [&](auto body) {
              return added(
                  [&](float* loss, float* dx) {
                    body(batch, 0.7, x.data(), labels.data(), prototypes.data(), known.data(), loss, dx, kFeatures);
                  },
                  gradient);
            },
            kRoundings);
}

INSTANTIATE_TEST_SUITE_P(Batch, FeatureLossOnGrid, testing::Values(3, kernels::kThreads + 4));

}  // namespace
}  // namespace fedscape
