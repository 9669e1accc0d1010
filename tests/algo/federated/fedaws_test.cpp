#include "fedscape/algo/federated/fedaws.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/algo/federated/rounds.hpp"
#include "tests/support/devices.hpp"

namespace fedscape {
namespace {

using test::case_of;
using test::FederationCase;

FedAws fedaws(std::int64_t steps, double margin = 0.9) {
  FedAws algorithm;
  algorithm.steps = steps, algorithm.margin = margin;
  return algorithm;
}

TEST(FedAws, WithoutStepsIsFedAvg) { EXPECT_EQ(test::trained(case_of(fedaws(0))), test::trained(FederationCase())); }

TEST(FedAws, GradientOfTheSpreadIsItsDifferences) {
  const std::vector<float> values = test::random_floats(4 * 6, 1);
  std::vector<double> rows(values.begin(), values.end()), gradient(rows.size()), unused(rows.size());
  EXPECT_GT(spread_out(rows, 4, 0.6, gradient), 0);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double middle = rows[i], step = 1e-5;
    rows[i] = middle + step;
    const double above = spread_out(rows, 4, 0.6, unused);
    rows[i] = middle - step;
    const double below = spread_out(rows, 4, 0.6, unused);
    rows[i] = middle;
    EXPECT_NEAR(gradient[i], (above - below) / (2 * step), 1e-8);
  }
}

TEST(FedAws, SpreadOfTwoRowsIsAsByHand) {
  std::vector<double> gradient(4);
  // cos = 1 / sqrt(2): d = 0.14645, and the hinge counts for both orders.
  const double hinge = 0.5 - (1 - std::sqrt(0.5)) / 2;
  EXPECT_NEAR(spread_out(std::vector<double>{1, 0, 1, 1}, 2, 0.5, gradient), 2 * hinge * hinge, 1e-15);
  EXPECT_EQ(spread_out(std::vector<double>{1, 0, -1, 0}, 2, 0.5, gradient), 0);  // as far apart as can be
  EXPECT_EQ(gradient, (std::vector<double>(4)));
}

TEST(FedAws, OfARowOfZerosIsFinite) {
  std::vector<double> gradient(4);
  EXPECT_NEAR(spread_out(std::vector<double>{0, 0, 3, 4}, 2, 0.75, gradient), 2 * 0.25 * 0.25, 1e-15);
  EXPECT_EQ(gradient, (std::vector<double>(4)));
}

TEST(FedAws, DrivesRowsOfTheClassifierApartAndLeavesTheRest) {
  const FederationCase setting = case_of(fedaws(30));
  const std::vector<float> spread = test::trained(setting, 1), average = test::trained(FederationCase(), 1);
  const ParamSlot& slot = setting.network.layout()[setting.network.layout().find("classifier.weight")];
  const auto first = static_cast<std::size_t>(slot.offset), last = first + static_cast<std::size_t>(slot.size());
  const auto penalty = [&](const std::vector<float>& model) {
    const std::vector<double> rows(model.begin() + slot.offset, model.begin() + slot.offset + slot.size());
    std::vector<double> gradient(rows.size());
    return spread_out(rows, slot.shape[0], 0.9, gradient);
  };
  EXPECT_LT(penalty(spread), 0.9 * penalty(average));
  for (std::size_t i = 0; i < spread.size(); ++i) {
    const bool row = i >= first && i < last;
    EXPECT_TRUE(row || spread[i] == average[i]) << i;
  }
}

TEST(FedAws, RefusesWhatMakesNoSense) {
  EXPECT_EQ(test::refusal_of(fedaws(1, 2)), "margin of FedAwS is 2; it must be in [0,1]");
  EXPECT_EQ(test::refusal_of(fedaws(-1)), "steps of FedAwS are -1; they must be 0 or more");
}

}  // namespace
}  // namespace fedscape
