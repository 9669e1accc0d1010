#include <gtest/gtest.h>

#include <cmath>

#include "fedscape/algo/evaluate.hpp"
#include "tests/algo/landscape/sweep_case.hpp"

namespace fedscape {
namespace {

using test::SweepCase;

/// Batch norms alone, one behind the other: the first one's statistics are those of the samples themselves.
Network norms(int count) {
  Network n({1, 1, 2});
  int at = 0;
  for (int i = 1; i <= count; ++i) at = n.add("bn" + std::to_string(i), batch_norm(), {at});
  n.add("fc", linear(3), {n.add("flatten", flatten(), {at})});
  n.finish();
  return n;
}

/// Samples [n,1,1,2] by formula: channel c of sample i is value(i, c).
template <class Value>
Dataset samples(int n, Value value) {
  std::vector<float> values;
  for (int i = 0; i < n; ++i)
    for (int c = 0; c < 2; ++c) values.push_back(static_cast<float>(value(i, c)));
  return Dataset("formula", {1, 1, 2}, 3, std::move(values), std::vector<std::int32_t>(static_cast<std::size_t>(n)));
}

/// Parameters [P] that no recalibration leaves behind: 3 everywhere.
std::vector<float> threes(const Network& network) {
  return std::vector<float>(static_cast<std::size_t>(network.layout().size()), 3.0f);
}

void recalibrate(const Network& network, const Dataset& data, std::vector<float>& params, int batch = 128,
                 std::span<const std::int32_t> indices = {}) {
  Stream stream;
  const std::int64_t P = network.layout().size(), models = std::ssize(params) / P;
  Recalibrator(stream, network, static_cast<int>(models), batch)
      .run(stream, data, indices, {params.data(), {models, P}});
}

std::vector<float> slot(const Network& network, const std::vector<float>& params, std::string_view name) {
  for (const ParamSlot& s : network.layout().slots())
    if (s.name == name) return {params.begin() + s.offset, params.begin() + s.offset + s.size()};
  return {};
}

double varied(int i, int c) { return std::sin(0.7 * i + c) + 0.01 * i; }

TEST(Recalibrator, OnEqualSamplesGivesTheirValueAndNoVariance) {
  const Network network = norms(1);
  std::vector<float> params = threes(network);
  recalibrate(network, samples(64, [](int, int c) { return c + 0.5; }), params, 16);
  EXPECT_EQ(slot(network, params, "bn1.running_mean"), (std::vector<float>{0.5f, 1.5f}));
  EXPECT_EQ(slot(network, params, "bn1.running_var"), (std::vector<float>{0, 0}));
}

TEST(Recalibrator, OnBatchesOfEqualStatisticsGivesThose) {
  const Network network = norms(1);
  std::vector<float> params = threes(network);
  recalibrate(network, samples(64, [](int i, int c) { return i % 2 ? c + 1.0 : c - 1.0; }), params, 16);
  EXPECT_EQ(slot(network, params, "bn1.running_mean"), (std::vector<float>{0, 1}));
  for (const float v : slot(network, params, "bn1.running_var")) EXPECT_FLOAT_EQ(v, 16.0f / 15);  // unbiased
}

TEST(Recalibrator, GivesTheMeanOfBatchStatisticsWeightedBySamples) {
  const Network network = norms(1);
  std::vector<float> params = threes(network);
  recalibrate(network, samples(300, varied), params);
  for (int c = 0; c < 2; ++c) {
    double mean = 0, variance = 0;
    for (int begin = 0; begin < 300; begin += 128) {
      const int n = std::min(128, 300 - begin);
      double sum = 0, squares = 0;
      for (int i = begin; i < begin + n; ++i) sum += varied(i, c) / n;
      for (int i = begin; i < begin + n; ++i) squares += std::pow(varied(i, c) - sum, 2);
      mean += n * sum / 300;
      variance += n * squares / (n - 1) / 300;
    }
    // Three batches, each with the rounding of a float or two of size below 4.
    EXPECT_NEAR(slot(network, params, "bn1.running_mean")[static_cast<std::size_t>(c)], mean, 2e-6);
    EXPECT_NEAR(slot(network, params, "bn1.running_var")[static_cast<std::size_t>(c)], variance, 2e-6);
  }
}

/// A batch that the first norm has normalised by its own statistics has mean 0 and biased variance v / (v + eps),
/// however far the batches lie apart; by the statistics of all samples it would not.
TEST(Recalibrator, ShowsEachLayerBatchesNormalisedByThemselves) {
  const Network network = norms(2);
  std::vector<float> params = threes(network);
  for (const ParamSlot& s : network.layout().slots())
    if (s.name == "bn1.bias") std::fill_n(params.begin() + s.offset, s.size(), 0.0f);
  recalibrate(network, samples(64, [](int i, int c) { return 5.0 * (i / 16) + (i % 2 ? 1 : -1) + c; }), params, 16);
  for (const float mean : slot(network, params, "bn2.running_mean")) EXPECT_NEAR(mean, 0, 1e-5);
  for (const float variance : slot(network, params, "bn2.running_var"))  // 9: the first norm's scale of 3
    EXPECT_NEAR(variance, 9 * 16.0 / 15 / (1 + 1e-5), 1e-4);
}

TEST(Recalibrator, ForgetsTheStatisticsItFindsAndTouchesNothingElse) {
  const SweepCase c;
  std::vector<float> params = c.origin, other = c.origin;
  for (const ParamSlot& s : c.network.layout().slots())
    if (s.role == ParamRole::statistic) std::fill_n(other.begin() + s.offset, s.size(), 77.0f);
  recalibrate(c.network, c.train, params);
  recalibrate(c.network, c.train, other);
  EXPECT_EQ(params, other);
  EXPECT_NE(params, c.origin);
  for (const ParamSlot& s : c.network.layout().slots()) {
    if (s.role == ParamRole::statistic) continue;
    EXPECT_TRUE(
        std::equal(params.begin() + s.offset, params.begin() + s.offset + s.size(), c.origin.begin() + s.offset))
        << s.name;
  }
}

TEST(Recalibrator, GivesEachModelOfAStackTheBitsItGetsAlone) {
  const SweepCase c;
  std::vector<float> stack;
  for (const float x : {0.0f, 1.0f, -0.5f, 2.0f, 0.25f})
    for (std::size_t i = 0; i < c.origin.size(); ++i) stack.push_back(c.origin[i] + x * c.x[i]);
  std::vector<float> expected;
  while (expected.size() < stack.size()) {
    const auto begin = stack.begin() + std::ssize(expected);
    std::vector<float> alone(begin, begin + std::ssize(c.origin));
    recalibrate(c.network, c.train, alone);
    expected.insert(expected.end(), alone.begin(), alone.end());
  }
  recalibrate(c.network, c.train, stack);
  EXPECT_EQ(stack, expected);
}

TEST(Recalibrator, TakesTheSamplesNamedInTheirOrder) {
  const Network network = norms(1);
  std::vector<float> named = threes(network), copied = named;
  const std::vector<std::int32_t> indices = {9, 2, 2, 30, 7};
  recalibrate(network, samples(40, varied), named, 2, indices);
  recalibrate(network, samples(5, [&](int i, int c) { return varied(indices[static_cast<std::size_t>(i)], c); }),
              copied, 2);
  EXPECT_EQ(named, copied);
}

TEST(Recalibrator, LeavesOutALastBatchOfOneSample) {
  const Network network = norms(1);
  std::vector<float> with = threes(network), without = with;
  recalibrate(network, samples(33, varied), with, 16);
  recalibrate(network, samples(32, varied), without, 16);
  EXPECT_EQ(with, without);
}

TEST(Recalibrator, LeavesANetworkWithoutBatchNormAlone) {
  const Network network = norms(0);
  std::vector<float> params = threes(network);
  recalibrate(network, samples(20, varied), params);
  EXPECT_EQ(params, threes(network));
}

TEST(Recalibrator, CallsBetweenAfterEachBatch) {
  const Network network = norms(1);
  std::vector<float> params = threes(network);
  Stream stream;
  int calls = 0;
  Recalibrator(stream, network, 1, 16)
      .run(stream, samples(40, varied), {}, {params.data(), {1, network.layout().size()}}, [&] { ++calls; });
  EXPECT_EQ(calls, 3);
}

}  // namespace
}  // namespace fedscape
