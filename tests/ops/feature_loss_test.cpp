#include "fedscape/ops/feature_loss.hpp"

#include <cmath>

#include "tests/support/devices.hpp"

namespace fedscape {
namespace {

/// What becomes of a loss that is 1 and a gradient that is 2.
struct Added {
  std::vector<float> loss, dx;
};

class FeatureLoss : public test::OnDevice {
 protected:
  Added contrast(const std::vector<int>& counts, const std::vector<float>& x, const std::vector<float>& positive,
                 const std::vector<float>& negative, Shape shape) {
    Tensor<float> loss = device(std::vector<float>(counts.size(), 1.0f), {shape[0]});
    Tensor<float> dx = device(std::vector<float>(x.size(), 2.0f), shape);
    ops::contrast(stream, {static_cast<int>(shape[0]), static_cast<int>(shape[1]), counts}, 0.5, 0.25, device(x, shape),
                  device(positive, shape), device(negative, shape), loss, dx);
    return {host(loss), host(dx)};
  }
  Added discrepancy(const std::vector<int>& counts, const std::vector<float>& x, const std::vector<float>& y,
                    Shape shape) {
    Tensor<float> loss = device(std::vector<float>(counts.size(), 1.0f), {shape[0]});
    Tensor<float> dx = device(std::vector<float>(x.size(), 2.0f), shape);
    ops::mean_discrepancy(stream, {static_cast<int>(shape[0]), static_cast<int>(shape[1]), counts}, 0.5,
                          device(x, shape), device(y, shape), loss, dx);
    return {host(loss), host(dx)};
  }
  Added distance(const std::vector<int>& counts, const std::vector<float>& x, const std::vector<std::int32_t>& labels,
                 const std::vector<float>& prototypes, const std::vector<float>& known, Shape shape) {
    Tensor<float> loss = device(std::vector<float>(counts.size(), 1.0f), {shape[0]});
    Tensor<float> dx = device(std::vector<float>(x.size(), 2.0f), shape);
    ops::prototype_distance(stream, {static_cast<int>(shape[0]), static_cast<int>(shape[1]), counts}, 0.5,
                            device(x, shape), device(labels, {shape[0], shape[1]}),
                            device(prototypes, {std::ssize(known), shape[2]}), device(known, {std::ssize(known)}), loss,
                            dx);
    return {host(loss), host(dx)};
  }
};

TEST_P(FeatureLoss, ContrastOfKnownAnglesIsAsByHand) {
  // Cosines 1 and 0: -ln(e^4 / (e^4 + 1)). Towards positive there is no way up, towards negative 1 / |x|.
  const Added added = contrast({1}, {2, 0}, {5, 0}, {0, 3}, {1, 1, 2});
  EXPECT_FLOAT_EQ(added.loss[0], static_cast<float>(1 + 0.5 * std::log1p(std::exp(-4.0))));
  EXPECT_FLOAT_EQ(added.dx[0], 2.0f);
  EXPECT_FLOAT_EQ(added.dx[1], static_cast<float>(2 + 0.5 * 4 * 0.5 / (1 + std::exp(4.0))));
}

TEST_P(FeatureLoss, ContrastWithTwiceTheSameIsLn2AndPushesNowhere) {
  const auto x = test::random_floats(2 * 3 * 7, 1), other = test::random_floats(2 * 3 * 7, 2);
  const Added added = contrast({3, 2}, x, other, other, {2, 3, 7});
  for (const float loss : added.loss) EXPECT_FLOAT_EQ(loss, static_cast<float>(1 + 0.5 * std::log(2.0)));
  EXPECT_EQ(added.dx, std::vector<float>(x.size(), 2.0f));
}

TEST_P(FeatureLoss, ContrastOfZerosIsFinite) {
  const Added added = contrast({2}, {0, 0, 1, 1}, {1, 1, 0, 0}, {1, 0, 0, 0}, {1, 2, 2});
  EXPECT_FLOAT_EQ(added.loss[0], static_cast<float>(1 + 0.5 * std::log(2.0)));
  EXPECT_EQ(added.dx, std::vector<float>(4, 2.0f));
}

TEST_P(FeatureLoss, DiscrepancyOfTheSameIsNothing) {
  const auto x = test::random_floats(2 * 4 * 5, 1);
  const Added added = discrepancy({4, 3}, x, x, {2, 4, 5});
  for (const float loss : added.loss) EXPECT_FLOAT_EQ(loss, 1.0f);
}

TEST_P(FeatureLoss, DiscrepancyOfOneSampleIsAsByHand) {
  // |x - y|^2 = 4; of the four ordered pairs of two vectors two are 4: w = (8 / 2 + 1e-8) / 4 = 1.
  const Added added = discrepancy({1}, {3, 0}, {1, 0}, {1, 1, 2});
  double k = 0, slope = 0;
  for (int s = 0; s < 5; ++s) {
    const double width = (4 + 1e-8) / 4 * std::pow(2, s), e = std::exp(-4 / width);
    k += e, slope -= e / width;
  }
  EXPECT_FLOAT_EQ(added.loss[0], static_cast<float>(1 + 0.5 * (10 - 2 * k)));
  EXPECT_FLOAT_EQ(added.dx[0], static_cast<float>(2 + 0.5 * -2 * slope * 2 * 2));
  EXPECT_FLOAT_EQ(added.dx[1], 2.0f);
}

TEST_P(FeatureLoss, DistanceToPrototypesIsAsByHand) {
  // Samples (3,0) and (1,2) of classes 1 and 0; class 1 stands at (1,1), class 0 nowhere yet; the third is padding.
  const Added added = distance({2}, {3, 0, 1, 2, 9, 9}, {1, 0, 1}, {7, 7, 1, 1}, {0, 1}, {1, 3, 2});
  EXPECT_FLOAT_EQ(added.loss[0], 1 + 0.5f * (4 + 1) / 4);
  EXPECT_EQ(added.dx, (std::vector<float>{2 + 0.5f * 2 * 2 / 4, 2 - 0.5f * 2 / 4, 2, 2, 2, 2}));
}

TEST_P(FeatureLoss, OfNoSamplesIsNothing) {
  const auto x = test::random_floats(2 * 2 * 3, 1), y = test::random_floats(2 * 2 * 3, 2);
  for (const Added& added : {contrast({0, 2}, x, y, x, {2, 2, 3}), discrepancy({0, 2}, x, y, {2, 2, 3}),
                             distance({0, 2}, x, {0, 0, 0, 0}, {1, 2, 3}, {1}, {2, 2, 3})}) {
    EXPECT_EQ(added.loss[0], 1.0f);
    EXPECT_NE(added.loss[1], 1.0f);
    for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(added.dx[i], 2.0f);
  }
}

TEST_P(FeatureLoss, WithoutAGradientGivesTheSameLoss) {
  const Shape shape = {1, 3, 4};
  const auto x = test::random_floats(12, 1), y = test::random_floats(12, 2), z = test::random_floats(12, 3);
  const std::vector<int> counts = {3};
  Tensor<float> loss = device(std::vector<float>{1}, {1});
  ops::contrast(stream, {1, 3, counts}, 0.5, 0.25, device(x, shape), device(y, shape), device(z, shape), loss, {});
  EXPECT_EQ(host(loss), contrast(counts, x, y, z, shape).loss);
  loss = device(std::vector<float>{1}, {1});
  ops::mean_discrepancy(stream, {1, 3, counts}, 0.5, device(x, shape), device(y, shape), loss, {});
  EXPECT_EQ(host(loss), discrepancy(counts, x, y, shape).loss);
}

FEDSCAPE_ON_DEVICES(FeatureLoss);

}  // namespace
}  // namespace fedscape
