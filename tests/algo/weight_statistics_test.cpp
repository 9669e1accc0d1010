#include "fedscape/algo/weight_statistics.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/one_rank.hpp"

namespace fedscape {
namespace {

/// Slots of 4 and 1 weights.
ParamLayout two_slots() {
  ParamLayout layout;
  for (const auto& [name, size] : {std::pair("a", 4), std::pair("b", 1)}) {
    ParamSlot slot;
    slot.name = name;
    slot.shape = {size};
    layout.add(slot);
  }
  return layout;
}

TEST(WeightStatistics, AreThoseOfEachSlotByHand) {
  const std::vector<float> params{1, -1, 3, 5, -2}, initial{1, 1, 1, 1, 1}, previous{1, -1, -1, 1, -1};
  const auto all = weight_statistics(two_slots(), params, signs_of(initial), signs_of(previous));
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

TEST(WeightStatistics, DeviationDoesNotCancelFarFromZero) {
  const std::vector<float> params{10'000'000, 10'000'001, 10'000'000, 10'000'001, 0};
  const Signs signs = signs_of(params);
  EXPECT_EQ(weight_statistics(two_slots(), params, signs, signs)[0].deviation, 0.5f);
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
  EXPECT_EQ(rows[1].client, 9);
  EXPECT_EQ(rows[1].slots[0].norm, 6.0f);
  collector.start_round(params);
  EXPECT_TRUE(collector.gather(comm).empty());
}

}  // namespace
}  // namespace fedscape
