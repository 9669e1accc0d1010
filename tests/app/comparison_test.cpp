#include "src/app/comparison.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/message_of.hpp"

namespace fedscape {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const double kNone = std::nan("");

ComparedRun run(const std::string& label, std::int64_t seed, std::vector<double> test) {
  ComparedRun result{label, seed, 0xabcdu, {}, std::move(test), {}, {}, 2.5};
  for (std::size_t i = 0; i < result.test.size(); ++i) result.rounds.push_back(static_cast<std::int64_t>(i) + 1);
  result.personal = result.personal_f1 = std::vector<double>(result.test.size(), kNone);
  return result;
}

/// The pairs 80, 82 and 81, 85 at the end, whose difference is 2 with a deviation of sqrt(2).
Comparison two() {
  return Comparison(
      {run("a", 3, {10, 90, 80}), run("a", 4, {20, 30, 82}), run("b", 3, {50, 40, 81}), run("b", 4, {30, 30, 85})}, 3,
      1);
}

TEST(Comparison, ARowHasMeanIntervalAndThePairedTest) {
  // t = 2, of which with one degree of freedom p = 1 - 2 atan(2) / pi; the interval of 2 is 12.706 wide.
  EXPECT_THAT(two().tables(), HasSubstr("| b | 83.00 +- 25.41 | 83.00 +- 25.41 | 83.00 +- 25.41 | +2.00 +- 12.71 | "
                                        "0.295 | 0.295   | 0.5      | 2.5     |"));
  EXPECT_THAT(two().tables(), HasSubstr("| a | 81.00 +- 12.71 | 81.00 +- 12.71 | 86.00 +- 50.82 | -"));
  EXPECT_THAT(two().tables(), HasSubstr("Means over 2 seed(s), 3 to 4"));
}

TEST(Comparison, TheMeanOfTheLastEvaluationsIsCompared) {
  const std::string csv = Comparison({run("a", 1, {10, 90, 80})}, 3, 2).csv();
  EXPECT_THAT(csv, HasSubstr("\na,1,000000000000abcd,85,80,90,,,,,,\n"));
  EXPECT_THAT(Comparison({run("a", 1, {10, 90, 80})}, 3, 9).csv(), HasSubstr("abcd,60,80,90,"));
}

TEST(Comparison, OneSeedHasNoIntervalAndNoTest) {
  const std::string tables = Comparison({run("a", 1, {10, 80}), run("b", 1, {20, 81.5})}, 2, 1).tables();
  EXPECT_THAT(tables, AllOf(HasSubstr("| b | 81.50  | 81.50 | 81.50 | +1.50      | - | -       | -        |"),
                            Not(HasSubstr("+-")), Not(HasSubstr("t-test")), Not(HasSubstr("nan"))));
}

TEST(Comparison, OnlyRoundsThatAllHaveEvaluatedCount) {
  ComparedRun seldom = run("b", 1, {7, 8});
  seldom.rounds = {2, 4};
  const std::vector<Curve> curves = Comparison({run("a", 1, {1, 2, 3, 4}), seldom}, 4, 5).curves();
  EXPECT_THAT(curves[0].x, ElementsAre(2, 4));
  EXPECT_THAT(curves[0].y, ElementsAre(2, 4));
  EXPECT_THAT(curves[1].y, ElementsAre(7, 8));
  EXPECT_TRUE(curves[0].low.empty());
}

TEST(Comparison, ABandReachesFromTheLowestToTheHighestSeed) {
  const std::vector<Curve> curves = two().curves();
  EXPECT_THAT(curves[0].y, ElementsAre(15, 60, 81));
  EXPECT_THAT(curves[0].low, ElementsAre(10, 30, 80));
  EXPECT_THAT(curves[0].high, ElementsAre(20, 90, 82));
}

TEST(Comparison, PersonalAccuraciesHaveATableOfTheirOwn) {
  ComparedRun first = run("a", 1, {10, 80}), second = run("b", 1, {20, 81});
  second.personal = {60, 90}, second.personal_f1 = {50, 70};
  EXPECT_THAT(Comparison({first, second}, 2, 1).csv(), HasSubstr("b,1,000000000000abcd,81,81,81,90,90,90,70,70,70\n"));
  const std::string tables = Comparison({first, second}, 2, 1).tables();
  const std::string personal = tables.substr(tables.find("clients' own models"));
  EXPECT_THAT(personal, AllOf(HasSubstr("| b | 90.00  | 90.00 | 90.00 | -"), Not(HasSubstr("| a |"))));
  EXPECT_THAT(personal, HasSubstr("Macro-F1"));
  EXPECT_THAT(personal, HasSubstr("| b | 70.00  | 70.00 | 70.00 | -"));
  EXPECT_THAT(Comparison({first}, 2, 1).tables(), Not(HasSubstr("clients' own models")));
}

TEST(Comparison, ALabelOfWhichARunDivergedIsNotCompared) {
  ComparedRun lost = run("b", 2, {});
  lost.diverged = true;
  const auto compared = [&](std::vector<ComparedRun> runs) { return Comparison(std::move(runs), 2, 1); };
  const Comparison second = compared({run("a", 1, {1, 2}), run("a", 2, {1, 4}), run("b", 1, {1, 9}), lost});
  EXPECT_THAT(second.tables(),
              AllOf(HasSubstr("| b | diverged: 1 of 2 | - "), HasSubstr("| a | 3.00 +- 12.71"), Not(HasSubstr("| +"))));
  EXPECT_THAT(second.csv(), HasSubstr("\nb,2,000000000000abcd,,,,,,,,,\n"));
  EXPECT_EQ(second.curves().size(), 1u);
  const std::string first = compared({run("b", 1, {1, 9}), lost, run("a", 1, {1, 2}), run("a", 2, {1, 4})}).tables();
  EXPECT_THAT(first, AllOf(HasSubstr("| a | 3.00 +- 12.71"), HasSubstr("diverged: 1 of 2")));
  EXPECT_THAT(compared({lost}).tables(), HasSubstr("diverged: 1 of 1"));
}

TEST(Comparison, ARunWithoutTheLastRoundIsRefused) {
  EXPECT_EQ(test::message_of([] {
              Comparison({run("a", 1, {1, 2}), run("b", 6, {1})}, 2, 1);
            }),
            "b of seed 6: an evaluation after round 2 was expected, at which the others are compared");
}

}  // namespace
}  // namespace fedscape
