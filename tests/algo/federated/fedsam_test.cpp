#include "fedscape/algo/federated/fedsam.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "tests/algo/federated/rounds.hpp"

namespace fedscape {
namespace {

using test::case_of;
using test::FederationCase;

FedSam fedsam(double rho) {
  FedSam algorithm;
  algorithm.rho = rho;
  return algorithm;
}

TEST(FedSam, WithoutAnAscentIsFedAvg) { EXPECT_EQ(test::trained(case_of(fedsam(0))), test::trained(FederationCase())); }

TEST(FedSam, GoesByTheGradientUphill) {
  FederationCase setting = case_of(fedsam(0.8), true);
  setting.local.sampling.batch = 100, setting.local.local_steps = 3;
  setting.local.optimizer.momentum = 0;
  const std::vector<float> initial = setting.initial(), trained = test::Rounds(setting).next({6})[6];
  std::vector<double> theta(initial.begin(), initial.end());
  for (int step = 0; step < 3; ++step) {
    const auto at_theta = test::linear_gradient(setting, setting.clients.train[6], theta);
    const double norm = std::sqrt(std::inner_product(at_theta.begin(), at_theta.end(), at_theta.begin(), 0.0));
    std::vector<double> above = theta;
    for (std::size_t i = 0; i < above.size(); ++i) above[i] += 0.8 * at_theta[i] / norm;
    const auto uphill = test::linear_gradient(setting, setting.clients.train[6], above);
    for (std::size_t i = 0; i < theta.size(); ++i) theta[i] -= setting.local.optimizer.lr * uphill[i];
  }
  for (std::size_t i = 0; i < theta.size(); ++i) EXPECT_NEAR(double(trained[i]), theta[i], 1e-6);  // float roundings
}

/// What one step of one client leaves.
std::vector<float> stepped(FederationCase setting, double& loss) {
  setting.local.local_steps = 1;
  test::Rounds rounds(setting);
  const std::vector<float> model = rounds.next({6})[6];
  loss = rounds.report().train_loss;
  return model;
}

TEST(FedSam, ReportsLossAndKeepsStatisticsOfTheModelItself) {
  double loss_above = 0, loss = 0;
  const std::vector<float> above = stepped(case_of(fedsam(0.5)), loss_above);
  const std::vector<float> plain = stepped(FederationCase(), loss);
  EXPECT_EQ(loss_above, loss);
  EXPECT_NE(above, plain);
  const FederationCase setting;
  for (const ParamSlot& slot : setting.network.layout().slots())
    for (std::int64_t j = 0; slot.role == ParamRole::statistic && j < slot.size(); ++j)
      EXPECT_EQ(above[static_cast<std::size_t>(slot.offset + j)], plain[static_cast<std::size_t>(slot.offset + j)]);
}

TEST(FedSam, RefusesWhatMakesNoSense) {
  EXPECT_EQ(test::refusal_of(fedsam(-1)), "rho of FedSAM is -1; it must be 0 or more");
}

}  // namespace
}  // namespace fedscape
