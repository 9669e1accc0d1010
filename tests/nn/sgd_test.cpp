#include "fedscape/nn/sgd.hpp"

#include <gmock/gmock.h>

#include <cmath>

#include "tests/support/golden.hpp"
#include "tests/support/message_of.hpp"

namespace fedscape {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

OptimizerOptions options_of(const json& given) {
  OptimizerOptions o;
  o.optimizer = given.value("optimizer", o.optimizer);
  o.lr = given.value("lr", o.lr);
  o.momentum = given.value("momentum", o.momentum);
  o.weight_decay = given.value("weight_decay", o.weight_decay);
  o.nesterov = given.value("nesterov", o.nesterov);
  o.beta1 = given.value("beta1", o.beta1);
  o.beta2 = given.value("beta2", o.beta2);
  o.eps = given.value("eps", o.eps);
  o.clip = given.value("clip", o.clip);
  o.schedule = given.value("schedule", o.schedule);
  o.milestones = given.value("milestones", o.milestones);
  o.gamma = given.value("gamma", o.gamma);
  return o;
}

/// Trained slots of sizes around statistics of two: what lies between must stay as it is.
ParamLayout layout_with_statistics(std::int64_t first, std::int64_t second) {
  ParamLayout layout;
  layout.add({.name = "a", .shape = {first}});
  layout.add({.name = "mean", .shape = {2}, .role = ParamRole::statistic});
  layout.add({.name = "b", .shape = {second}});
  return layout;
}

TEST(Optimizer, FollowsPyTorchsOptimizers) {
  const json golden = test::read_golden("optimizers");
  const std::int64_t size = golden["size"], head = 5;
  const ParamLayout layout = layout_with_statistics(head, size - head);
  const auto spread = [&](std::vector<float> v, float between) {  // the vector with statistics within
    v.insert(v.begin() + head, 2, between);
    return v;
  };
  for (const json& c : golden["cases"]) {
    Stream stream;
    const OptimizerOptions options = options_of(c["options"]);
    Optimizer optimizer(stream, layout, options, 1);
    std::vector<float> w = spread(test::golden_values(1, size), 7);
    for (std::size_t step = 0; step < c["parameters"].size(); ++step) {
      std::vector<float> g = spread(test::golden_values(2 + step, size), 0);
      optimizer.step(stream, options.lr, 1, {w.data(), {1, size + 2}}, {g.data(), {1, size + 2}});
      const std::vector<double> expected = c["parameters"][step];
      for (std::int64_t i = 0; i < size; ++i)  // values below 2, six steps of a few roundings each
        EXPECT_NEAR(w[static_cast<std::size_t>(i < head ? i : i + 2)], expected[static_cast<std::size_t>(i)], 2e-6)
            << c["options"] << " step " << step;
    }
    EXPECT_EQ(w[5], 7);
    EXPECT_EQ(w[6], 7);
  }
}

/// Parameters [2,P] after `steps` steps of the optimiser, of which it saw the first `before` without us looking.
std::vector<float> stepped(Stream& stream, Optimizer& optimizer, std::vector<float> w, int from, int to,
                           int active = 2) {
  const std::int64_t P = static_cast<std::int64_t>(w.size()) / 2;
  for (int step = from; step < to; ++step) {
    std::vector<float> g = test::golden_values(static_cast<std::uint64_t>(10 + step), 2 * P);
    optimizer.step(stream, 0.05, active, {w.data(), {2, P}}, {g.data(), {2, P}});
  }
  return w;
}

TEST(Optimizer, ResetForgetsEverything) {
  for (const char* kind : {"sgd", "adam", "adamw"}) {
    Stream stream;
    const ParamLayout layout = layout_with_statistics(3, 4);
    const OptimizerOptions options{.optimizer = kind, .momentum = 0.9};
    Optimizer used(stream, layout, options, 2), fresh(stream, layout, options, 2);
    const std::vector<float> w = test::golden_values(1, 18);
    stepped(stream, used, w, 0, 3);
    used.reset();
    EXPECT_EQ(stepped(stream, used, w, 5, 8), stepped(stream, fresh, w, 5, 8)) << kind;
  }
}

TEST(Optimizer, ContinuesFromItsSavedState) {
  for (const char* kind : {"sgd", "adam"}) {
    Stream stream;
    const ParamLayout layout = layout_with_statistics(3, 4);
    const OptimizerOptions options{.optimizer = kind, .momentum = 0.9};
    Optimizer first(stream, layout, options, 2), second(stream, layout, options, 2);
    const std::vector<float> w = stepped(stream, first, test::golden_values(1, 18), 0, 3);
    copy_on_device(stream, second.state().data, first.state().data,
                   static_cast<std::size_t>(first.state().size()) * sizeof(float));
    second.restore_steps(first.steps());
    EXPECT_EQ(stepped(stream, second, w, 3, 6), stepped(stream, first, w, 3, 6)) << kind;
  }
}

TEST(Optimizer, LeavesRowsAloneThatAreNotActive) {
  Stream stream;
  const ParamLayout layout = layout_with_statistics(3, 4);
  Optimizer optimizer(stream, layout, {.momentum = 0.9, .clip = 0.1}, 2);
  const std::vector<float> w = test::golden_values(1, 18), after = stepped(stream, optimizer, w, 0, 2, 1);
  for (std::size_t i = 0; i < 9; ++i) EXPECT_EQ(after[i] == w[i], i == 3 || i == 4) << i;  // the statistics
  for (std::size_t i = 9; i < 18; ++i) EXPECT_EQ(after[i], w[i]);
}

TEST(Schedule, StepAndCosineArePyTorchs) {
  const json golden = test::read_golden("optimizers");
  for (const json& c : golden["schedules"]) {
    OptimizerOptions options = options_of(c["options"]);
    options.lr = 0.3;
    options.check();
    const std::vector<double> rates = c["rates"];
    for (std::size_t t = 0; t < rates.size(); ++t)  // PyTorch multiplies its way from epoch to epoch
      EXPECT_NEAR(scheduled_lr(options, static_cast<double>(t), static_cast<double>(rates.size())), rates[t], 1e-14);
  }
}

TEST(Schedule, WarmUpRisesToTheRateAndCosineBeginsBehindIt) {
  OptimizerOptions options{.lr = 0.1, .warmup = 5};
  for (int t = 0; t < 10; ++t)  // MAP's min(r / 5, 1) * lr with r = t + 1
    EXPECT_DOUBLE_EQ(scheduled_lr(options, t, 10), 0.1 * std::min(1.0, (t + 1) / 5.0));
  EXPECT_DOUBLE_EQ(scheduled_lr(options, 0.25, 10, 0.25), 0.01);  // by steps, four an epoch
  options.schedule = "cosine";
  EXPECT_DOUBLE_EQ(scheduled_lr(options, 5, 15), 0.1);
  EXPECT_DOUBLE_EQ(scheduled_lr(options, 10, 15), 0.05);
  EXPECT_DOUBLE_EQ(scheduled_lr(options, 15, 15), 0);
}

TEST(OptimizerOptions, NonsenseIsRefusedByName) {
  const auto refusal = [](const OptimizerOptions& options) { return test::message_of([&] { options.check(); }); };
  EXPECT_EQ(refusal({}), "");
  EXPECT_THAT(refusal({.optimizer = "agd"}), HasSubstr("did you mean 'sgd'"));
  EXPECT_THAT(refusal({.lr = -1}), HasSubstr("lr is -1"));
  EXPECT_THAT(refusal({.lr = std::nan("")}), HasSubstr("lr is nan"));
  EXPECT_THAT(refusal({.momentum = 1}), HasSubstr("momentum is 1; it must be in [0,1)"));
  EXPECT_THAT(refusal({.nesterov = true}), HasSubstr("nesterov needs a momentum"));
  EXPECT_THAT(refusal({.schedule = "cosin"}), HasSubstr("did you mean 'cosine'"));
  EXPECT_THAT(refusal({.schedule = "step"}), HasSubstr("needs milestones"));
  for (const char* list : {"5,4", "x", "3,,4", "0", "-1", "1e999", "nan", ","})
    EXPECT_THAT(refusal({.schedule = "step", .milestones = list}), HasSubstr("milestones are")) << list;
}

}  // namespace
}  // namespace fedscape
