#include "fedscape/nn/network.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "fedscape/nn/layers.hpp"
#include "tests/support/gradcheck.hpp"

namespace fedscape {
namespace {

/// Two residual blocks with batch norm, one with a 1x1 shortcut, dropout and a linear head: every kind of fusion.
Network residual_network() {
  Network n({6, 6, 3});
  int at = n.add("conv1", conv(square(8, 3, 1, 1)), {0});
  at = n.add("relu", relu(), {n.add("bn1", batch_norm(), {at})});
  for (const int stride : {1, 2}) {
    const std::string name = "block" + std::to_string(stride);
    const int from = at;
    at = n.add(name + ".conv1", conv(square(8, 3, stride, 1)), {at});
    at = n.add(name + ".relu1", relu(), {n.add(name + ".bn1", batch_norm(), {at})});
    at = n.add(name + ".bn2", batch_norm(), {n.add(name + ".conv2", conv(square(8, 3, 1, 1)), {at})});
    int shortcut = from;
    if (stride == 2)
      shortcut = n.add(name + ".down.1", batch_norm(), {n.add(name + ".down.0", conv(square(8, 1, 2)), {from})});
    at = n.add(name + ".relu2", relu(), {n.add(name + ".add", add(), {at, shortcut})});
  }
  at = n.add("dropout", dropout(0.3f, 0), {n.add("flatten", flatten(), {at})});
  n.add("linear", linear(5), {at});
  n.finish();
  return n;
}

struct Step {
  std::vector<float> logits, grads, params;
};

/// One training step's results for models first..first+count-1 of the stack, with 4 and 3 real samples in turn.
Step train_step(const Network& network, const std::vector<float>& all, int first, int count) {
  Stream stream;
  const std::int64_t size = network.layout().size();
  Tape tape(stream, network, count, 4);
  Step step;
  step.params.assign(all.begin() + first * size, all.begin() + (first + count) * size);
  step.grads.assign(step.params.size(), NAN);
  std::vector<int> counts;
  std::vector<RngKey> keys;
  for (int m = first; m < first + count; ++m) {
    counts.push_back(m % 2 ? 3 : 4);
    keys.push_back({1, Purpose::test, static_cast<std::uint32_t>(m)});
  }
  const auto x = test::normal_values(network.sample().size() * 4, 2);
  const Pass pass{.batch = {count, 4, counts}, .keys = keys};
  const View<float> params{step.params.data(), {count, size}};
  const Outputs out = tape.forward(stream, pass, params, {x.data(), network.sample().under(4).under(1)});
  step.logits.assign(out.logits.data, out.logits.data + out.logits.size());
  const OutputGrads grads = tape.output_grads(stream, pass);
  for (std::int64_t i = 0; i < grads.logits.size(); ++i) grads.logits.data[i] = 0.1f * static_cast<float>(i % 5 - 2);
  tape.backward(stream, pass, params, {step.grads.data(), {count, size}});
  tape.update_statistics(stream, pass, params);
  return step;
}

TEST(Network, AModelInAStackIsTheModelAlone) {
  const Network network = residual_network();
  const std::int64_t size = network.layout().size();
  const auto params = test::sensible_params(network, 3);
  const Step stack = train_step(network, params, 0, 3);
  for (int m = 0; m < 3; ++m) {
    const Step alone = train_step(network, params, m, 1);
    const std::vector<float> grads(stack.grads.begin() + m * size, stack.grads.begin() + (m + 1) * size);
    const std::vector<float> moved(stack.params.begin() + m * size, stack.params.begin() + (m + 1) * size);
    EXPECT_EQ(alone.grads, grads);
    EXPECT_EQ(alone.params, moved);
  }
}

TEST(Network, StatisticsHaveNoGradientAndFollowTheBatch) {
  const Network network = residual_network();
  const auto params = test::sensible_params(network, 1);
  const Step step = train_step(network, params, 0, 1);
  for (const ParamSlot& s : network.layout().slots()) {
    const bool statistic = s.role == ParamRole::statistic;
    for (std::int64_t i = s.offset; i < s.offset + s.size(); ++i) {
      const std::size_t at = static_cast<std::size_t>(i);
      EXPECT_TRUE(!statistic || step.grads[at] == 0.0f) << s.name;
      EXPECT_EQ(step.params[at] != params[at], statistic) << s.name;
    }
  }
}

TEST(InferencePlan, AgreesWithTheUnfusedForwardPass) {
  const Network network = residual_network();
  Stream stream;
  const auto params = test::sensible_params(network, 2);
  const View<const float> rows{params.data(), {2, network.layout().size()}};
  const auto x = test::normal_values(network.sample().size() * 5, 4);
  const View<const float> inputs{x.data(), network.sample().under(5).under(1)};
  Tape tape(stream, network, 2, 5);
  const std::vector<int> counts{5, 5};
  const Pass pass{.batch = {2, 5, counts}, .keys = {}, .mode = Mode::evaluate};
  const View<const float> expected = tape.forward(stream, pass, rows, inputs).logits;
  InferencePlan plan(stream, network, 2, 16);
  plan.load(stream, rows);
  const View<const float> logits = plan.forward(stream, inputs).logits;
  ASSERT_EQ(logits.shape, expected.shape);
  for (std::int64_t i = 0; i < logits.size(); ++i)
    EXPECT_NEAR(logits.data[i], expected.data[i], 1e-4 * std::max(1.0f, std::abs(expected.data[i])));
}

TEST(InferencePlan, InReducedPrecisionStaysNear) {
  const Network network = residual_network();
  Stream stream;
  const auto params = test::sensible_params(network, 1);
  const View<const float> rows{params.data(), {1, network.layout().size()}};
  const auto x = test::normal_values(network.sample().size() * 20, 4);
  const auto logits = [&](Precision precision, int chunk, int samples) {
    InferencePlan plan(stream, network, 1, chunk, precision);
    plan.load(stream, rows);
    return to_host(stream, plan.forward(stream, {x.data(), network.sample().under(samples).under(1)}).logits);
  };
  const auto expected = logits(Precision::float32, 20, 20);
  float scale = 0;
  for (const float value : expected) scale = std::max(scale, std::abs(value));
  for (const auto& [precision, bound] :
       {std::pair(Precision::bf16, 0.05f), {Precision::bf16w2, 0.05f}, {Precision::bf16x2, 1e-4f}}) {
    const auto all = logits(precision, 20, 20);
    EXPECT_NE(all, expected);
    for (std::size_t i = 0; i < all.size(); ++i) EXPECT_NEAR(all[i], expected[i], bound * scale);
    const auto few = logits(precision, 7, 3);
    EXPECT_EQ(few, std::vector<float>(all.begin(), all.begin() + std::ssize(few))) << "depends on the chunk";
  }
}

TEST(InferencePlan, ForgetsTheModelBefore) {
  const Network network = residual_network();
  Stream stream;
  const auto params = test::sensible_params(network, 2);
  const View<const float> rows{params.data(), {2, network.layout().size()}};
  const auto x = test::normal_values(network.sample().size() * 3, 4);
  const View<const float> inputs{x.data(), network.sample().under(3).under(1)};
  InferencePlan used(stream, network, 1), fresh(stream, network, 1);
  used.load(stream, rows.rows(0, 1));
  used.forward(stream, inputs);
  used.load(stream, rows.rows(1, 2));
  fresh.load(stream, rows.rows(1, 2));
  const View<const float> a = used.forward(stream, inputs).logits, b = fresh.forward(stream, inputs).logits;
  for (std::int64_t i = 0; i < a.size(); ++i) EXPECT_EQ(a.data[i], b.data[i]);
}

TEST(InferencePlan, OfTheFirstModelsIsWhatAllOfThemGive) {
  const Network network = residual_network();
  Stream stream;
  const auto params = test::sensible_params(network, 3);
  const auto x = test::normal_values(network.sample().size() * 3 * 4, 4);
  const View<const float> inputs{x.data(), network.sample().under(4).under(3)};  // each model its own samples
  InferencePlan plan(stream, network, 3, 4);
  plan.load(stream, View<const float>{params.data(), {3, network.layout().size()}});
  const std::vector<float> all = to_host(stream, plan.forward(stream, inputs).logits);
  for (const int first : {1, 2}) {
    const Outputs some = plan.forward(stream, inputs.rows(0, first), first);
    ASSERT_EQ(some.logits.shape[0], first);
    const std::vector<float> logits = to_host(stream, some.logits);
    EXPECT_EQ(logits, std::vector<float>(all.begin(), all.begin() + std::ssize(logits))) << first;
  }
  EXPECT_THROW(plan.forward(stream, inputs, 4), Error);
}

TEST(Tape, TakesNoGradientThatNobodyNeeds) {
  const auto floats = [](const Shape& sample, bool flat) {
    Network n(sample);
    int at = flat ? n.add("flatten", flatten(), {n.add("dropout", dropout(0.2f, 0), {0})}) : 0;
    at = n.add("relu", relu(), {n.add("hidden", linear(6), {at})});
    n.add("linear", linear(5), {at});
    n.finish();
    Stream stream;
    return Tape(stream, n, 2, 8).floats();
  };
  EXPECT_EQ(floats({4, 4, 3}, true), floats({48}, false) + 2 * 8 * 48) << "more than what dropout leaves";
}

TEST(Tape, SharesMemoryBetweenArraysThatNeverMeet) {
  const Network network = residual_network();
  Stream stream;
  std::int64_t values = 0;
  for (const Network::Node& node : network.nodes()) values += node.shape.size() * 8;
  EXPECT_LT(Tape(stream, network, 1, 8).floats(), 2 * values);  // values and gradients without sharing
  EXPECT_LT(InferencePlan(stream, network, 1, 8).floats(), 2 * network.layout().size() * 3 + values);
}

TEST(Tape, AStepAllocatesNothingAfterTheFirst) {
  const Network network = residual_network();
  Stream stream;
  Tape tape(stream, network, 1, 4);
  std::vector<float> params = test::sensible_params(network, 1), grads(params.size());
  const std::vector<int> counts{4};
  const std::vector<RngKey> keys{{1}};
  const Pass pass{.batch = {1, 4, counts}, .keys = keys};
  const auto x = test::normal_values(network.sample().size() * 4, 2);
  std::size_t capacity = 0;
  for (int step = 0; step < 3; ++step) {
    const View<float> rows{params.data(), {1, network.layout().size()}};
    tape.forward(stream, pass, rows, {x.data(), network.sample().under(4).under(1)});
    tape.output_grads(stream, pass);
    tape.backward(stream, pass, rows, {grads.data(), rows.shape});
    EXPECT_TRUE(step == 0 || stream.arena().capacity() == capacity);
    capacity = stream.arena().capacity();
  }
}

TEST(Network, RefusesWhatDoesNotFit) {
  Network n({3, 3, 1});
  EXPECT_THROW(n.add("conv", conv(square(2, 5)), {0}), Error);
  EXPECT_THROW(n.add("add", add(), {0, 0}), Error);
  EXPECT_THROW(n.add("head", linear(2), {1}), Error);
  n.add("unused", linear(2), {0});
  n.add("head", linear(2), {0});
  EXPECT_THROW(n.finish(), Error);
}

}  // namespace
}  // namespace fedscape
