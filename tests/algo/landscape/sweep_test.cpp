#include "fedscape/algo/landscape/sweep.hpp"

#include <gtest/gtest.h>

#include "tests/algo/landscape/sweep_case.hpp"
#include "tests/support/message_of.hpp"
#include "tests/support/one_rank.hpp"

namespace fedscape {
namespace {

using test::same_bits;
using test::SweepCase;

TEST(Perturb, IsTheOriginInTheMiddleAndALinearCombinationElsewhere) {
  const SweepCase c;
  Stream stream;
  const Plane plane = make_plane(stream, c.origin, c.x, c.y);
  const std::vector<Point> tile = {{2, 1}, {4, 0}};
  Tensor<float> params(stream, {2, c.network.layout().size()});
  perturb(stream, plane, c.grid, tile, params);
  const std::vector<float> rows = to_host(stream, params.view());
  for (std::size_t i = 0; i < c.origin.size(); ++i) {
    EXPECT_EQ(rows[i], c.origin[i]);
    const double expected = c.origin[i] + 1.0 * c.x[i] - 0.5 * c.y[i];
    EXPECT_NEAR(rows[c.origin.size() + i], expected, 1e-6);  // two roundings of numbers below 4
  }
}

TEST(Sweep, InTheMiddleIsPlainEvaluation) {
  const SweepCase c;
  test::OneRank comm;
  const auto results = c.run(comm, 1, 4);
  Stream stream;
  Evaluator evaluator(stream, c.network, 1);
  const Tensor<float> origin = to_device(stream, c.origin, {1, c.network.layout().size()});
  evaluator.load(stream, origin);
  EXPECT_TRUE(same_bits(results.at({1, 2})[0], evaluator.all(stream, c.train)[0]));
  EXPECT_TRUE(same_bits(results.at({1, 2})[1], evaluator.all(stream, c.test)[0]));
}

TEST(Sweep, DoesNotDependOnStackSizeThreadsOrOtherPoints) {
  SweepCase c;
  test::OneRank comm;
  for (const auto policy : {BatchNormPolicy::frozen, BatchNormPolicy::recalibrated}) {
    const auto expected = c.run(comm, 1, 1, policy);
    EXPECT_EQ(expected.size(), 15u);
    for (const auto& [threads, models] : {std::pair(1, 4), std::pair(2, 1), std::pair(3, 7)})
      EXPECT_TRUE(same_bits(c.run(comm, threads, models, policy), expected)) << threads << " threads, " << models;
  }
}

TEST(Sweep, RecalibratedIsEvaluationAfterRecalibration) {
  const SweepCase c;
  test::OneRank comm;
  const auto results = c.run(comm, 2, 3, BatchNormPolicy::recalibrated);
  Stream stream;
  Tensor<float> params(stream, {1, c.network.layout().size()});
  perturb(stream, make_plane(stream, c.origin, c.x, c.y), c.grid, std::vector<Point>{{0, 2}}, params);
  Recalibrator(stream, c.network, 1).run(stream, c.train, {}, params);
  Evaluator evaluator(stream, c.network, 1);
  evaluator.load(stream, params);
  EXPECT_TRUE(same_bits(results.at({2, 0})[1], evaluator.all(stream, c.test)[0]));
  EXPECT_FALSE(same_bits(results.at({2, 0})[1], c.run(comm, 1, 1).at({2, 0})[1]));
}

/// logits = W s + b of one sample s are linear in the coordinates, so the squared error is a paraboloid.
TEST(Sweep, OfALinearModelsSquaredErrorIsAParaboloid) {
  SweepCase c;
  c.network = Network({4, 4, 2});
  c.network.add("fc", linear(3), {c.network.add("flatten", flatten(), {0})});
  c.network.finish();
  const std::size_t size = static_cast<std::size_t>(c.network.layout().size());
  for (std::vector<float>* row : {&c.origin, &c.x, &c.y}) row->assign(size, 0);
  const std::size_t bias = size - 3;
  c.origin[bias] = 2, c.x[bias] = 1, c.x[bias + 1] = -1, c.y[bias + 2] = 4;  // logits (2 + x, -x, 4 y), whatever s is
  test::OneRank comm;
  for (const auto& [at, metrics] : c.run(comm, 1, 2)) {
    const double x = c.grid.x(at.second), y = c.grid.y(at.first);
    const double label[] = {1, 1, 1};
    double expected = 0;  // over the three labels, which are equally frequent among 300 samples
    for (int k = 0; k < 3; ++k)
      expected +=
          (std::pow(2 + x - (k == 0) * label[k], 2) + std::pow(-x - (k == 1), 2) + std::pow(4 * y - (k == 2), 2)) / 9;
    EXPECT_NEAR(metric(metrics[0], "squared"), expected, 1e-5);
  }
}

TEST(Sweep, RefusesDirectionsThatMoveStatisticsUnlessAsked) {
  SweepCase c;
  test::OneRank comm;
  std::vector<float> model = c.origin;
  for (float& value : model) value += 0.25f;
  c.x = difference_direction(c.network.layout(), c.origin, model, Normalize::none, false, true);
  EXPECT_NE(test::message_of([&] { c.run(comm, 1, 1); }).find("only the policy 'states'"), std::string::npos);
  EXPECT_EQ(c.run(comm, 1, 1, BatchNormPolicy::states).size(), 15u);
}

/// Sweeps with `record` and `stop` on two threads.
void sweep_with(const SweepCase& c, const RecordPoint& record, const std::function<bool()>& stop) {
  test::OneRank comm;
  Workers workers({}, 2);
  const Plane plane = make_plane(workers.stream(), c.origin, c.x, c.y);
  const std::vector<SweepData> splits = {{"test", &c.test}};
  sweep(workers, comm, c.network, plane, c.grid, c.points(), splits, nullptr, {}, record, stop);
}

TEST(Sweep, StopsAfterTheTilesUnderWay) {
  int recorded = 0;
  sweep_with(
      {}, [&](Point, std::span<const Metrics>) { ++recorded; }, [&] { return recorded >= 3; });
  EXPECT_GE(recorded, 3);
  EXPECT_LE(recorded, 3 + 4);  // two under way and two more finished in the meantime
}

TEST(Sweep, EndsWhenRecordingFails) {
  const auto record = [](Point, std::span<const Metrics>) { fail("the disk is full"); };
  EXPECT_EQ(test::message_of([&] { sweep_with({}, record, {}); }), "the disk is full");
}

}  // namespace
}  // namespace fedscape
