#include "src/algo/federated/stages.hpp"

#include <gtest/gtest.h>

#include "tests/support/message_of.hpp"

namespace fedscape {
namespace {

struct Staged : public FederatedAlgorithm {
  std::vector<Stage> stages() const override { return list; }
  std::vector<Stage> tuning() const override { return tuned; }
  std::vector<Stage> list, tuned;
};

TEST(Stage, HasItsShareOfTheStepsButAtLeastItsOwnFewest) {
  const Stage stage{.steps = 0.25, .min_steps = 3};
  EXPECT_EQ(stage.count(100), 25);
  EXPECT_EQ(stage.count(19), 4);
  EXPECT_EQ(stage.count(4), 3);
}

TEST(Stage, SeesABatchAsOftenAsItRepeats) {
  EXPECT_EQ((Stage{.repeats = 5}).batches(11), 3);
  EXPECT_EQ((Stage{.repeats = 5, .probe = Stage::Probe::next_batch}).batches(11), 6);
}

TEST(Stages, CountWhatIsSentApart) {
  Staged algorithm;
  algorithm.list = {{}, {.steps = 0.5}, {.steps = 2, .personal = true}};
  algorithm.tuned = {{.steps = 0, .min_steps = 7}};
  const std::vector<Stage> stages = all_stages(algorithm);
  EXPECT_EQ(sending_steps(stages, 10), 15);
  EXPECT_EQ(steps_of(stages, 10), 42);
}

TEST(Stages, OutOfOrderAreRefused) {
  Staged algorithm;
  const auto refusal = [&] { return test::message_of([&] { all_stages(algorithm); }); };
  EXPECT_EQ(refusal(), "an algorithm without a stage for what is sent");
  algorithm.list = {{}, {.personal = true}, {}};
  EXPECT_EQ(refusal(), "stage 2 follows a personal one");
}

}  // namespace
}  // namespace fedscape
