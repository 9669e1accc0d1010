#include "fedscape/algo/weight_statistics.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <initializer_list>
#include <string>

#include "fedscape/base/rng.hpp"
#include "tests/support/one_rank.hpp"

namespace fedscape {
namespace {

ParamLayout slots_of(std::initializer_list<std::int64_t> sizes) {
  ParamLayout layout;
  for (const std::int64_t size : sizes) {
    ParamSlot slot;
    slot.name = std::string(1, static_cast<char>('a' + std::ssize(layout.slots())));
    slot.shape = {size};
    layout.add(slot);
  }
  return layout;
}

ParamLayout two_slots() { return slots_of({4, 1}); }

std::vector<float> drawn(std::uint64_t seed, std::int64_t n) {
  std::vector<float> values(static_cast<std::size_t>(n));
  fill_normal({seed}, 0, 1, values);
  return values;
}

TEST(WeightStatistics, AreThoseOfEachSlotByHand) {
  const std::vector<float> params{1, -1, 3, 5, -2}, initial{1, 1, 1, 1, 1}, previous{1, -1, -1, 1, -1};
  const auto all = weight_statistics(two_slots(), params, signs_of(initial), previous);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].mean, 2.0f);
  EXPECT_EQ(all[0].deviation, std::sqrt(5.0f));  // ((-1)^2 + 3^2 + 1 + 3^2) / 4
  EXPECT_EQ(all[0].norm, 6.0f);
  EXPECT_EQ(all[0].same_sign_initial, 0.75f);
  EXPECT_EQ(all[0].same_sign_previous, 0.75f);
  EXPECT_EQ(all[1].deviation, 0.0f);
  EXPECT_EQ(all[1].same_sign_initial, 0.0f);
  EXPECT_EQ(all[1].same_sign_previous, 1.0f);
}

TEST(WeightStatistics, AreTheSameWhereverSlotsBeginAndEndAmongTheBytesOfSigns) {
  const ParamLayout layout = slots_of({1, 6, 9, 3, 40, 13, 2});
  const std::vector<float> params = drawn(1, layout.size()), before = drawn(2, layout.size());
  const auto all = weight_statistics(layout, params, signs_of(before), params);
  for (std::size_t s = 0; s < all.size(); ++s) {
    double sum = 0, same = 0;
    const auto begin = static_cast<std::size_t>(layout.slots()[s].offset);
    const auto n = static_cast<std::size_t>(layout.slots()[s].size());
    for (std::size_t i = begin; i < begin + n; ++i)
      sum += params[i], same += std::signbit(params[i]) == std::signbit(before[i]);
    EXPECT_NEAR(all[s].mean, sum / double(n), 2e-7) << s;  // the rounding to float of a mean below 4
    EXPECT_EQ(all[s].same_sign_initial, float(same / double(n))) << s;
    EXPECT_EQ(all[s].same_sign_previous, 1.0f) << s;
  }
}

TEST(WeightStatistics, DeviationDoesNotCancelFarFromZero) {
  const std::vector<float> params{10'000'000, 10'000'001, 10'000'000, 10'000'001, 0};
  EXPECT_EQ(weight_statistics(two_slots(), params, signs_of(params), params)[0].deviation, 0.5f);
}

TEST(SignConsistency, IsTheShareOfEqualSignsInAllAndByGroup) {
  ParamLayout layout;
  const auto add = [&](const char* name, std::int64_t size, ParamGroup group, ParamRole role) {
    ParamSlot slot;
    slot.name = name, slot.shape = {size}, slot.group = group, slot.role = role;
    layout.add(slot);
  };
  add("conv.weight", 4, ParamGroup::features, ParamRole::weight);
  add("bn.weight", 1, ParamGroup::norm, ParamRole::norm);
  add("bn.running_mean", 2, ParamGroup::norm, ParamRole::statistic);
  add("linear.weight", 3, ParamGroup::classifier, ParamRole::weight);
  const std::vector<float> a{1, -1, 2, 0, 1, /**/ 1, 1, /**/ 0, -2, -0.0f},
      b{2, 1, 3, 5, 1, /**/ -1, -1, /**/ 1, -1, -1};
  const SignConsistency ratios = sign_consistency(layout, a, b);
  EXPECT_EQ(ratios[0], 4 / 5.0f);  // statistics and zeros do not count
  EXPECT_EQ(ratios[1], 2 / 3.0f);
  EXPECT_EQ(ratios[2], 1.0f);
  EXPECT_EQ(ratios[3], 1.0f);
  EXPECT_EQ(sign_consistency(layout, b, a), ratios);
}

TEST(SignConsistency, OfNothingIsNoNumber) {
  for (const float ratio : sign_consistency(two_slots(), std::vector<float>(5), std::vector<float>(5, 1.0f)))
    EXPECT_TRUE(std::isnan(ratio));
}

TEST(WeightStatistics, OfClientsComeInTheOrderOfTheirIds) {
  const ParamLayout layout = two_slots();
  std::vector<float> params{1, -1, 3, 5, -2};
  ClientStatisticsCollector collector(layout, signs_of(params));
  collector.start_round(params);
  const ClientObserver observe = collector.observer();
  Stream stream{Device{}};
  observe(stream, 9, {params.data(), {5}});
  params[4] = 7;
  observe(stream, 2, {params.data(), {5}});
  test::OneRank comm;
  const auto rows = collector.gather(comm);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].client, 2);
  EXPECT_EQ(rows[0].slots[1].mean, 7.0f);
  EXPECT_EQ(rows[0].slots[1].same_sign_initial, 0.0f);
  EXPECT_EQ(rows[0].signs[0], 0.8f);
  EXPECT_EQ(rows[1].client, 9);
  EXPECT_EQ(rows[1].signs[0], 1.0f);
  EXPECT_EQ(rows[1].slots[0].norm, 6.0f);
  collector.start_round(params);
  EXPECT_TRUE(collector.gather(comm).empty());
}

}  // namespace
}  // namespace fedscape
