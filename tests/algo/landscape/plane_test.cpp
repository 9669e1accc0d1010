#include "fedscape/algo/landscape/plane.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "tests/support/message_of.hpp"

namespace fedscape {
namespace {

ParamSlot vector_slot(const std::string& name, std::int64_t size, ParamRole role) {
  return {
      .name = name, .shape = {size}, .role = role, .torch_shape = {size}, .split = {size}, .torch_permutation = {0}};
}

/// conv.weight [4,3,3,2] (PyTorch's [4,2,3,3]), conv.bias [4], bn.weight [4], bn.running_mean [4], fc.weight [5,8].
ParamLayout small_layout() {
  ParamLayout layout;
  layout.add({.name = "conv.weight",
              .shape = {4, 3, 3, 2},
              .torch_shape = {4, 2, 3, 3},
              .split = {4, 3, 3, 2},
              .torch_permutation = {0, 3, 1, 2}});
  layout.add(vector_slot("conv.bias", 4, ParamRole::bias));
  layout.add(vector_slot("bn.weight", 4, ParamRole::norm));
  layout.add(vector_slot("bn.running_mean", 4, ParamRole::statistic));
  layout.add(
      {.name = "fc.weight", .shape = {5, 8}, .torch_shape = {5, 8}, .split = {5, 8}, .torch_permutation = {0, 1}});
  return layout;
}

std::vector<float> values_of(const ParamLayout& layout, std::uint64_t seed) {
  std::vector<float> values(static_cast<std::size_t>(layout.size()));
  fill_normal({seed}, 0.2f, 1, values);
  return values;
}

/// One slot of a model in PyTorch's order.
std::vector<float> torch_slot(const ParamLayout& layout, int slot, std::span<const float> model) {
  const ParamSlot& s = layout[slot];
  std::vector<float> values(static_cast<std::size_t>(s.size()));
  to_torch_order(s, model.subspan(static_cast<std::size_t>(s.offset), values.size()), values);
  return values;
}

double norm(std::span<const float> x) {
  return std::sqrt(
      std::inner_product(x.begin(), x.end(), x.begin(), 0.0, std::plus<>(), [](double a, double b) { return a * b; }));
}

const RngKey kKey{5, Purpose::direction_x};
constexpr double kRounding = 1e-6;  // of floats: a dozen half units in the last place

TEST(RandomDirection, IsTheKeyedNormalsInPyTorchsOrder) {
  const ParamLayout layout = small_layout();
  const auto d = random_direction(layout, values_of(layout, 1), Normalize::none, false, kKey);
  const int trained[] = {0, 1, 2, 4};  // slot 3 holds statistics
  for (std::uint32_t k = 0; k < 4; ++k) {
    RngKey key = kKey;
    key.step = k;
    const auto slot = torch_slot(layout, trained[k], d);
    for (std::size_t i = 0; i < slot.size(); ++i) EXPECT_EQ(slot[i], normal(key, i));
  }
}

TEST(RandomDirection, NeverMovesStatistics) {
  const ParamLayout layout = small_layout();
  for (const auto normalize : {Normalize::filter, Normalize::layer, Normalize::weight, Normalize::none})
    for (const bool ignore : {false, true})
      for (const float value :
           torch_slot(layout, 3, random_direction(layout, values_of(layout, 1), normalize, ignore, kKey)))
        EXPECT_EQ(value, 0);
}

TEST(RandomDirection, GivesEachFilterTheNormOfTheOriginsFilter) {
  const ParamLayout layout = small_layout();
  const auto w = values_of(layout, 1), d = random_direction(layout, w, Normalize::filter, true, kKey);
  for (const int slot : {0, 4}) {
    const auto filters = static_cast<std::size_t>(layout[slot].torch_shape[0]);
    const auto dw = torch_slot(layout, slot, d), ww = torch_slot(layout, slot, w);
    const std::size_t size = dw.size() / filters;
    for (std::size_t j = 0; j < filters; ++j) {
      const double expected = norm(std::span(ww).subspan(j * size, size));
      EXPECT_NEAR(norm(std::span(dw).subspan(j * size, size)), expected, kRounding * expected);
    }
  }
}

TEST(RandomDirection, OfAFilterKeepsItsAngleAndAZeroFilterGivesZero) {
  const ParamLayout layout = small_layout();
  auto w = values_of(layout, 1);
  std::fill_n(w.begin(), 18, 0.0f);  // filter 0 of the convolution
  const auto raw = random_direction(layout, w, Normalize::none, true, kKey);
  const auto d = random_direction(layout, w, Normalize::filter, true, kKey);
  for (std::size_t i = 0; i < 18; ++i) EXPECT_EQ(d[i], 0);
  EXPECT_NEAR(cosine(std::span(raw).subspan(18, 18), std::span(d).subspan(18, 18)), 1, kRounding);
}

TEST(RandomDirection, GivesEachLayerTheNormOfTheOriginsLayer) {
  const ParamLayout layout = small_layout();
  const auto w = values_of(layout, 1), d = random_direction(layout, w, Normalize::layer, true, kKey);
  const auto raw = random_direction(layout, w, Normalize::none, true, kKey);
  for (const int slot : {0, 4}) {
    const double expected = norm(torch_slot(layout, slot, w));
    EXPECT_NEAR(norm(torch_slot(layout, slot, d)), expected, kRounding * expected);
    EXPECT_NEAR(cosine(torch_slot(layout, slot, raw), torch_slot(layout, slot, d)), 1, kRounding);
  }
}

TEST(RandomDirection, ByWeightIsTheProductWithTheOrigin) {
  const ParamLayout layout = small_layout();
  const auto w = values_of(layout, 1), d = random_direction(layout, w, Normalize::weight, true, kKey);
  const auto raw = random_direction(layout, w, Normalize::none, true, kKey);
  for (std::size_t i = 0; i < 72; ++i) EXPECT_EQ(d[i], raw[i] * w[i]);
}

TEST(RandomDirection, TreatsSlotsOfOneAxisAsTheReleasedCodeDoes) {
  const ParamLayout layout = small_layout();
  const auto w = values_of(layout, 1);
  for (const auto normalize : {Normalize::filter, Normalize::layer, Normalize::weight})
    for (const int slot : {1, 2}) {
      EXPECT_EQ(torch_slot(layout, slot, random_direction(layout, w, normalize, false, kKey)),
                torch_slot(layout, slot, w));
      EXPECT_EQ(torch_slot(layout, slot, random_direction(layout, w, normalize, true, kKey)), std::vector<float>(4, 0));
    }
}

TEST(RandomDirection, DoesNotDependOnHowTheWeightsLieInMemory) {
  ParamLayout other;  // the same convolution with memory as PyTorch has it, and no statistics in between
  other.add({.name = "conv.weight",
             .shape = {4, 2, 3, 3},
             .torch_shape = {4, 2, 3, 3},
             .split = {4, 2, 3, 3},
             .torch_permutation = {0, 1, 2, 3}});
  const ParamLayout layout = small_layout();
  const auto w = values_of(layout, 1), w_other = torch_slot(layout, 0, w);
  EXPECT_EQ(random_direction(other, w_other, Normalize::filter, true, kKey),
            torch_slot(layout, 0, random_direction(layout, w, Normalize::filter, true, kKey)));
}

TEST(DifferenceDirection, IsTheDifferenceAndMovesStatisticsOnlyWithStates) {
  const ParamLayout layout = small_layout();
  const auto w = values_of(layout, 1), v = values_of(layout, 2);
  const auto weights = difference_direction(layout, w, v, Normalize::none, false, false);
  const auto states = difference_direction(layout, w, v, Normalize::none, false, true);
  const std::int64_t first = layout[3].offset, end = first + layout[3].size();
  for (std::size_t i = 0; i < w.size(); ++i) {
    const bool statistic = static_cast<std::int64_t>(i) >= first && static_cast<std::int64_t>(i) < end;
    EXPECT_EQ(states[i], v[i] - w[i]);
    EXPECT_EQ(weights[i], statistic ? 0 : v[i] - w[i]);
  }
}

TEST(DifferenceDirection, IsNormalisedFilterByFilterWithAWholeBiasAsOne) {
  const ParamLayout layout = small_layout();
  const auto w = values_of(layout, 1), v = values_of(layout, 2);
  const auto raw = difference_direction(layout, w, v, Normalize::none, false, false);
  const auto d = difference_direction(layout, w, v, Normalize::filter, false, false);
  for (std::size_t j = 0; j < 4; ++j) {
    const auto filter = std::span(d).subspan(18 * j, 18);
    EXPECT_NEAR(norm(filter), norm(std::span(w).subspan(18 * j, 18)), kRounding * norm(filter));
    EXPECT_NEAR(cosine(filter, std::span(raw).subspan(18 * j, 18)), 1, kRounding);
  }
  EXPECT_NEAR(norm(torch_slot(layout, 1, d)), norm(torch_slot(layout, 1, w)),
              kRounding * norm(torch_slot(layout, 1, w)));
  EXPECT_EQ(torch_slot(layout, 1, difference_direction(layout, w, v, Normalize::filter, true, false)),
            std::vector<float>(4, 0));
}

TEST(DifferenceDirection, OfAModelToItselfIsZeroUnderEveryNormalisation) {
  const ParamLayout layout = small_layout();
  const auto w = values_of(layout, 1);
  for (const auto normalize : {Normalize::filter, Normalize::layer, Normalize::weight, Normalize::none})
    EXPECT_EQ(difference_direction(layout, w, w, normalize, false, true), std::vector<float>(w.size(), 0));
}

TEST(Plane, RefusesVectorsOfAnotherNetwork) {
  const ParamLayout layout = small_layout();
  const std::vector<float> w = values_of(layout, 1), shorter(w.begin() + 1, w.end());
  Stream stream;
  EXPECT_THROW(random_direction(layout, shorter, Normalize::filter, true, kKey), Error);
  EXPECT_THROW(difference_direction(layout, w, shorter, Normalize::filter, true, false), Error);
  EXPECT_THROW(make_plane(stream, w, shorter, {}), Error);
  EXPECT_THROW(make_plane(stream, w, w, shorter), Error);
  EXPECT_THROW(cosine(w, shorter), Error);
}

TEST(Plane, FingerprintTellsPlanesApart) {
  Stream stream;
  const std::vector<float> a = {1, 2, 3}, b = {0, 1, 0}, c = {1, 0, 0};
  EXPECT_EQ(fingerprint(stream, make_plane(stream, a, b, c)), fingerprint(stream, make_plane(stream, a, b, c)));
  EXPECT_NE(fingerprint(stream, make_plane(stream, a, b, c)), fingerprint(stream, make_plane(stream, a, c, b)));
  EXPECT_NE(fingerprint(stream, make_plane(stream, a, b, {})), fingerprint(stream, make_plane(stream, a, b, c)));
}

TEST(Cosine, IsThatOfTheAngle) {
  const std::vector<float> a = {3, 4, 0}, b = {0, 0, 2}, c = {-6, -8, 0}, zero(3, 0);
  EXPECT_NEAR(cosine(a, a), 1, 1e-15);
  EXPECT_EQ(cosine(a, b), 0);
  EXPECT_NEAR(cosine(a, c), -1, 1e-15);
  EXPECT_EQ(cosine(a, zero), 0);
}

TEST(Normalize, IsReadByNameWithASuggestion) {
  EXPECT_EQ(parse_normalize("layer"), Normalize::layer);
  EXPECT_EQ(test::message_of([] { parse_normalize("filters"); }),
            "unknown direction normalisation 'filters'; did you mean 'filter'?");
}

}  // namespace
}  // namespace fedscape
