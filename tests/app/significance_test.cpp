#include "src/app/significance.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/golden.hpp"
#include "tests/support/message_of.hpp"

namespace fedscape {
namespace {

using Values = std::vector<double>;

TEST(Significance, IntervalsAndTestsAreThoseOfSciPy) {
  const nlohmann::json file = test::read_golden("significance");
  for (const nlohmann::json& pair : file["pairs"]) {
    const PairedTest test = paired_test(pair["first"].get<Values>(), pair["second"].get<Values>());
    EXPECT_NEAR(test.difference.mean, pair["mean"].get<double>(), 1e-12) << pair;
    EXPECT_NEAR(test.difference.half_width, pair["half_width"].get<double>(), 1e-9) << pair;
    EXPECT_NEAR(test.t, pair["t"].get<double>(), 1e-9) << pair;
    EXPECT_NEAR(test.p, pair["p"].get<double>(), 1e-12) << pair;
    EXPECT_NEAR(test.p_ranks, pair["p_ranks"].get<double>(), 1e-12) << pair;
  }
}

TEST(Significance, HolmsAdjustmentIsThatOfStatsmodels) {
  const nlohmann::json file = test::read_golden("significance");
  for (const nlohmann::json& family : file["holm"]) {
    const Values adjusted = holm(family["p"].get<Values>()), expected = family["adjusted"].get<Values>();
    ASSERT_EQ(adjusted.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(adjusted[i], expected[i], 1e-15) << family;
  }
}

TEST(Significance, AValueThatIsNoneIsLeftOutOfTheAdjustment) {
  const Values adjusted = holm(Values{std::nan(""), 0.03, 0.02});
  EXPECT_TRUE(std::isnan(adjusted[0]));
  EXPECT_DOUBLE_EQ(adjusted[1], 0.04);
  EXPECT_DOUBLE_EQ(adjusted[2], 0.04);
}

TEST(Significance, OneValueHasAMeanAndNothingElse) {
  EXPECT_EQ(estimate(Values{3}).mean, 3);
  EXPECT_TRUE(std::isnan(estimate(Values{3}).half_width));
  const PairedTest test = paired_test(Values{3}, Values{5});
  EXPECT_EQ(test.difference.mean, 2);
  for (const double none : {test.difference.half_width, test.t, test.p, test.p_ranks}) EXPECT_TRUE(std::isnan(none));
}

TEST(Significance, EqualDifferencesHaveNoTTest) {
  const PairedTest same = paired_test(Values{1, 2, 3}, Values{1, 2, 3});
  EXPECT_EQ(same.difference.half_width, 0);
  EXPECT_TRUE(std::isnan(same.p) && std::isnan(same.p_ranks));
  const PairedTest shifted = paired_test(Values{1, 2, 3}, Values{2, 3, 4});
  EXPECT_TRUE(std::isnan(shifted.p));
  EXPECT_EQ(shifted.p_ranks, 0.25);
}

TEST(Significance, TheTestOfRanksIsExactForManyPairs) {
  Values differences;
  for (int i = 1; i <= 40; ++i) differences.push_back(i);
  EXPECT_DOUBLE_EQ(signed_rank_test(differences), std::ldexp(2, -40));
}

TEST(Significance, PairsAreNeededInFull) {
  EXPECT_EQ(test::message_of([] {
              paired_test(Values{1, 2}, Values{1});
            }),
            "2 pairs of values were expected, not 2 and 1");
  EXPECT_EQ(test::message_of([] { estimate({}); }), "one value or more was expected");
}

}  // namespace
}  // namespace fedscape
