#include "fedscape/nn/init.hpp"

#include <gmock/gmock.h>

#include <cmath>

#include "fedscape/nn/zoo.hpp"
#include "tests/support/message_of.hpp"

namespace fedscape {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;

std::vector<float> initial(const Network& network, std::string_view scheme, std::uint64_t seed = 1) {
  std::vector<float> params(static_cast<std::size_t>(network.layout().size()));
  init_params(network, scheme, seed, params);
  return params;
}

std::span<const float> part(const Network& network, const std::vector<float>& params, std::string_view name) {
  const ParamSlot& slot = network.layout()[network.layout().find(name)];
  return std::span(params).subspan(static_cast<std::size_t>(slot.offset), static_cast<std::size_t>(slot.size()));
}

double deviation(std::span<const float> x) {
  double squares = 0;
  for (const float v : x) squares += double{v} * v;
  return std::sqrt(squares / static_cast<double>(x.size()));
}

double largest(std::span<const float> x) {
  double peak = 0;
  for (const float v : x) peak = std::max(peak, std::abs(double{v}));
  return peak;
}

// Of n draws the deviation is within 4 / sqrt(2n) of the law's, and the largest of a uniform law near its bound.
constexpr double kConvFanIn = 5 * 5 * 6, kConvFanOut = 5 * 5 * 16, kLinearFanIn = 400, kLinearFanOut = 120;

TEST(Init, TorchIsUniformWithinOneOverTheRootOfFanIn) {
  const Network n = build_network({.name = "lenet"}, {32, 32, 3}, 10);
  const std::vector<float> params = initial(n, "torch");
  for (const auto& [name, fan_in] : {std::pair{"conv2.weight", kConvFanIn}, {"fc1.weight", kLinearFanIn}}) {
    EXPECT_LE(largest(part(n, params, name)), 1 / std::sqrt(fan_in));
    EXPECT_NEAR(deviation(part(n, params, name)), 1 / std::sqrt(3 * fan_in), 0.06 / std::sqrt(fan_in));
  }
  EXPECT_LE(largest(part(n, params, "fc1.bias")), 1 / std::sqrt(kLinearFanIn));
  EXPECT_GT(largest(part(n, params, "fc1.bias")), 0.9 / std::sqrt(kLinearFanIn));  // of 120: 1 - 0.9^120
}

TEST(Init, AuthorsAndLandscapeAreNormalWithoutBiases) {
  const Network n = build_network({.name = "lenet"}, {32, 32, 3}, 10);
  const std::vector<float> authors = initial(n, "authors"), landscape = initial(n, "landscape");
  EXPECT_NEAR(deviation(part(n, authors, "conv2.weight")), std::sqrt(2 / kConvFanOut),
              0.06 * std::sqrt(2 / kConvFanOut));
  EXPECT_NEAR(deviation(part(n, landscape, "conv2.weight")), std::sqrt(2 / kConvFanIn),
              0.06 * std::sqrt(2 / kConvFanIn));
  EXPECT_NEAR(deviation(part(n, authors, "fc1.weight")), 0.01, 0.0002);
  EXPECT_NEAR(deviation(part(n, landscape, "fc1.weight")), 0.001, 0.00002);
  for (const auto* params : {&authors, &landscape}) {
    EXPECT_THAT(part(n, *params, "conv1.bias"), Each(0.0f));
    EXPECT_THAT(part(n, *params, "fc3.bias"), Each(0.0f));
  }
}

TEST(Init, XavierBoundsByBothFans) {
  const Network n = build_network({.name = "lenet"}, {32, 32, 3}, 10);
  const std::vector<float> params = initial(n, "xavier");
  const double bound = std::sqrt(6 / (kLinearFanIn + kLinearFanOut));
  EXPECT_LE(largest(part(n, params, "fc1.weight")), bound);
  EXPECT_NEAR(deviation(part(n, params, "fc1.weight")), bound / std::sqrt(3), 0.02 * bound);
}

TEST(Init, NormsScaleByOneAndKnowNothingYet) {
  const Network n = build_network({.name = "resnet8"}, {8, 8, 3}, 10);
  const std::vector<float> params = initial(n, "authors");
  EXPECT_THAT(part(n, params, "layer1.0.bn1.weight"), Each(1.0f));
  EXPECT_THAT(part(n, params, "layer1.0.bn1.bias"), Each(0.0f));
  EXPECT_THAT(part(n, params, "layer1.0.bn1.running_mean"), Each(0.0f));
  EXPECT_THAT(part(n, params, "layer1.0.bn1.running_var"), Each(1.0f));
}

TEST(Init, ValuesAreThoseOfTheAddressInPyTorchsOrder) {
  const Network n = build_network({.name = "lenet16"}, {16, 20, 2}, 3);
  const std::vector<float> params = initial(n, "landscape", 9);
  const int index = n.layout().find("classifier.weight");
  const ParamSlot& slot = n.layout()[index];
  std::vector<float> torch(static_cast<std::size_t>(slot.size()));
  to_torch_order(slot, part(n, params, "classifier.weight"), torch);
  const RngKey key{.seed = 9, .purpose = Purpose::init, .client = static_cast<std::uint32_t>(index)};
  for (std::size_t i = 0; i < torch.size(); ++i) EXPECT_EQ(torch[i], 0.001f * normal(key, i));
}

TEST(Init, SeedsDifferAndRepeat) {
  const Network n = build_network({.name = "logistic"}, {4, 4, 1}, 10);
  EXPECT_EQ(initial(n, "torch", 5), initial(n, "torch", 5));
  EXPECT_NE(initial(n, "torch", 5), initial(n, "torch", 6));
}

TEST(Init, AnUnknownSchemeSuggestsTheNearest) {
  const Network n = build_network({.name = "logistic"}, {4, 4, 1}, 10);
  EXPECT_THAT(test::message_of([&] { initial(n, "torhc"); }), HasSubstr("did you mean 'torch'"));
}

}  // namespace
}  // namespace fedscape
