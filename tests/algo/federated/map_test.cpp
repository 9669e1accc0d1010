#include "fedscape/algo/federated/map.hpp"

#include <gtest/gtest.h>

#include "tests/algo/federated/rounds.hpp"

namespace fedscape {
namespace {

using test::case_of;
using test::FederationCase;

Map map_of(double alpha, double lambda = 0.1) {
  Map algorithm;
  algorithm.rs.alpha = alpha, algorithm.lambda = lambda;
  return algorithm;
}

TEST(Map, UnrestrictedSendsWhatFedAvgSends) {
  EXPECT_EQ(test::trained(case_of(map_of(1))), test::trained(FederationCase()));
}

TEST(Map, RestrictedSendsWhatFedRsSends) {
  FedRs restricted;
  restricted.alpha = 0.3;
  EXPECT_EQ(test::trained(case_of(map_of(0.3, 1))), test::trained(case_of(restricted)));
}

TEST(Map, PersonalisationIsShorterAndSlower) {
  Map algorithm = map_of(0.5);
  const std::vector<Stage> stages = algorithm.stages();
  ASSERT_EQ(stages.size(), 2u);
  EXPECT_FALSE(stages[0].personal);
  EXPECT_TRUE(stages[1].personal);
  EXPECT_EQ(stages[1].count(100), 10);
  EXPECT_EQ(stages[1].count(9), 5);
  EXPECT_EQ(stages[1].lr, 0.2);
}

TEST(Map, PersonalisationStartsFromWhatWasSent) {
  Map algorithm = map_of(0.5);
  algorithm.personal_lr = 0;
  const FederationCase setting = case_of(algorithm, true);  // a linear model has no statistics
  test::Rounds rounds(setting);
  const std::vector<float> sent = rounds.next({2}).at(2), memory = rounds.memory_of(2);
  EXPECT_EQ(std::vector<float>(memory.begin(), memory.end() - 1), sent);
  algorithm.personal_lr = 1;
  const FederationCase moving = case_of(algorithm, true);
  test::Rounds others(moving);
  EXPECT_EQ(others.next({2}).at(2), sent);
  EXPECT_NE(others.memory_of(2), memory);
}

TEST(Map, StatisticsOfPrivateModelsAreThoseOfTheClientsSamples) {
  const FederationCase setting = case_of(map_of(0.5));
  test::Rounds rounds(setting);
  rounds.next({6});
  std::vector<float> memory = rounds.memory_of(6);
  memory.pop_back();
  Stream stream;
  const Tensor<float> params = to_device(stream, memory, {1, std::ssize(memory)});
  Recalibrator recalibrator(stream, setting.network, 1);
  recalibrator.run(stream, setting.data, setting.clients.train[6], params);
  EXPECT_EQ(to_host(stream, params.view()), memory);
}

TEST(Map, BadOptionsAreRefused) {
  Map algorithm = map_of(2);
  EXPECT_EQ(test::refusal_of(algorithm), "alpha of FedRS is 2; it must be in [0,1]");
  algorithm.rs.alpha = 0.5, algorithm.personal_steps = -1;
  EXPECT_EQ(test::refusal_of(algorithm), "personal_steps of MAP is -1; it must be in [0,100]");
  algorithm.personal_steps = 0, algorithm.personal_min_steps = -1;
  EXPECT_EQ(test::refusal_of(algorithm), "personal_min_steps of MAP is -1; it must be 0 or more");
}

}  // namespace
}  // namespace fedscape
