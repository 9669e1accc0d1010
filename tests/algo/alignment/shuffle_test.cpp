#include "fedscape/algo/alignment/shuffle.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <map>

#include "fedscape/algo/train.hpp"
#include "fedscape/data/synthetic.hpp"
#include "fedscape/nn/init.hpp"
#include "fedscape/nn/zoo.hpp"
#include "tests/support/message_of.hpp"
#include "tests/support/one_rank.hpp"

namespace fedscape {
namespace {

using ::testing::HasSubstr;

TEST(PartialShuffle, MovesNobodyWithoutRatioOrProbability) {
  const Network network = build_network({.name = "mlp", .hidden = "50,30"}, {4}, 3);
  const Neurons neurons(network);
  std::vector<int> identity;
  for (int i = 0; i < neurons.size(); ++i) identity.push_back(i);
  for (const auto& [ratio, probability] : {std::pair{0.0, 1.0}, {1.0, 0.0}, {0.01, 1.0}}) {  // int(0.01 * 50) = 0
    Draws draws({1, Purpose::test});
    EXPECT_EQ(partial_shuffle(neurons, ratio, probability, draws), identity);
  }
}

TEST(PartialShuffle, BringsNeuronsForwardByAtMostTheRatio) {
  const Network network = build_network({.name = "mlp", .hidden = "50"}, {4}, 3);
  const Neurons neurons(network);
  Draws draws({1, Purpose::test});
  int farthest = 0;
  for (int repeat = 0; repeat < 50; ++repeat) {
    const std::vector<int> from = partial_shuffle(neurons, 0.1, 1, draws);
    for (int i = 0; i < 50; ++i) farthest = std::max(farthest, from[static_cast<std::size_t>(i)] - i);
  }
  EXPECT_EQ(farthest, 5);
}

TEST(PartialShuffle, InFullGivesEveryOrderEquallyOften) {
  const Network network = build_network({.name = "mlp", .hidden = "3"}, {4}, 3);
  const Neurons neurons(network);
  Draws draws({1, Purpose::test});
  std::map<std::vector<int>, int> counts;
  constexpr int kRepeats = 6000;
  for (int repeat = 0; repeat < kRepeats; ++repeat) ++counts[partial_shuffle(neurons, 1, 1, draws)];
  ASSERT_EQ(counts.size(), 6u);
  for (const auto& [order, count] : counts) EXPECT_NEAR(count, kRepeats / 6, 5 * std::sqrt(kRepeats * 5 / 36.0));
}

/// A network of 64 neurons a layer that has learned a Gaussian mixture.
struct Trained {
  Trained(int depth, const PanOptions& pan)
      : network(build_network({.name = "mlp", .hidden = depth == 2 ? "64,64" : "64,64,64,64,64", .pan = pan},
                              train.shape(), train.classes())),
        params(static_cast<std::size_t>(network.layout().size())) {
    TrainOptions options{.epochs = 20, .sampling = {.batch = 32}};
    options.optimizer.optimizer = "adam", options.optimizer.lr = 0.002, options.optimizer.schedule = "cosine";
    Stream stream;
    CentralTrainer trainer(stream, network, train, options, 1);
    init_params(network, "torch", 1, params);
    copy_to_device(stream, trainer.params().data, params.data(), params.size() * sizeof(float));
    trainer.run(stream);
    params = to_host(stream, trainer.params());
  }
  static SyntheticOptions mixture() {
    SyntheticOptions options;
    options.classes = 10, options.features = 10, options.clusters = 2, options.train_samples = 2000;
    options.test_samples = 500, options.noise = 0.5;
    return options;
  }
  /// Full shuffles, and the model as it is behind them.
  std::vector<ShuffleResult> test() const {
    Workers workers({}, 1);
    test::OneRank comm;
    return shuffle_test(workers, comm, network, params, held_out, {.ratios = "1", .probabilities = "1", .repeats = 5},
                        3);
  }

  Dataset train = gaussian_mixture(mixture(), Split::train, 1);
  Dataset held_out = gaussian_mixture(mixture(), Split::test, 1);
  Network network;
  std::vector<float> params;
};

/// Mean over full shuffles of the relative difference of the logits.
double difference(int depth, const PanOptions& pan) {
  const std::vector<ShuffleResult> results = Trained(depth, pan).test();
  EXPECT_GT(results.back().accuracy, 80) << "not trained: " << depth << " " << pan.kind << " " << pan.amplitude;
  double sum = 0;
  for (std::size_t i = 0; i + 1 < results.size(); ++i) sum += results[i].difference;
  return sum / static_cast<double>(results.size() - 1);
}

TEST(ShuffleTest, LeavesANetworkWithoutEncodingsAsItIs) {
  for (const int depth : {2, 5}) {
    const Trained trained(depth, {});
    const std::vector<ShuffleResult> results = trained.test();
    EXPECT_GT(results.back().accuracy, 80);
    for (const ShuffleResult& result : results) {
      EXPECT_LT(result.difference, 1e-6);  // sums of 64 in another order
      EXPECT_EQ(result.accuracy, results.back().accuracy);
    }
  }
}

// What algorithms.md 11 found of networks of 64 neurons a layer: differences grow with A and with depth, and a product
// is felt more than a sum.
TEST(ShuffleTest, FindsMoreOfStrongerEncodingsInDeeperNetworksAndOfProducts) {
  double shallow_before[2] = {}, deep_before[2] = {};
  for (const double amplitude : {0.1, 0.5, 1.0, 2.0}) {
    double shallow[2], deep[2];  // add, mul
    for (const int k : {0, 1}) {
      const char* kind = k ? "mul" : "add";
      shallow[k] = difference(2, {.kind = kind, .amplitude = amplitude});
      deep[k] = difference(5, {.kind = kind, .amplitude = amplitude});
      EXPECT_GT(shallow[k], shallow_before[k]) << kind << amplitude;
      EXPECT_GT(deep[k], deep_before[k]) << kind << amplitude;
      EXPECT_GT(deep[k], shallow[k]) << kind << amplitude;
      shallow_before[k] = shallow[k], deep_before[k] = deep[k];
    }
    EXPECT_GT(shallow[1], shallow[0]) << amplitude;
    EXPECT_GT(deep[1], deep[0]) << amplitude;
  }
}

TEST(ShuffleTest, CostsAccuracyWhereTheEncodingIsStrong) {
  for (const char* kind : {"add", "mul"}) {
    const std::vector<ShuffleResult> results = Trained(5, {.kind = kind, .amplitude = 2}).test();
    for (std::size_t i = 0; i + 1 < results.size(); ++i)
      EXPECT_LT(results[i].accuracy, results.back().accuracy - 20) << kind;
  }
}

TEST(ShuffleTest, BeginsWithTheModelItselfWhereNobodyMoves) {
  const Trained trained(2, {.kind = "mul", .amplitude = 1});
  Workers workers({}, 2);
  test::OneRank comm;
  const auto results = shuffle_test(workers, comm, trained.network, trained.params, trained.held_out,
                                    {.ratios = "0,1", .probabilities = "0,1", .repeats = 2}, 3);
  ASSERT_EQ(results.size(), 9u);
  for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(results[i].difference, 0) << i;  // all but ratio = probability = 1
  for (std::size_t i = 6; i < 8; ++i) EXPECT_GT(results[i].difference, 0.01) << i;
  EXPECT_NE(results[6].difference, results[7].difference);
}

TEST(ShuffleTestOptions, RefuseNonsenseByName) {
  const auto refusal = [](const ShuffleTestOptions& options) { return test::message_of([&] { options.check(); }); };
  EXPECT_EQ(refusal({}), "");
  EXPECT_EQ(ShuffleTestOptions().ratio_values().size(), 15u);
  EXPECT_EQ(ShuffleTestOptions().probability_values().size(), 11u);
  for (const char* list : {"", "0,", "0.5;1", "1.5", "-0.1", "nan", "x"}) {
    EXPECT_THAT(refusal({.ratios = list}), HasSubstr("ratios is '")) << list;
    EXPECT_THAT(refusal({.probabilities = list}), HasSubstr("probabilities is '")) << list;
  }
  EXPECT_THAT(refusal({.repeats = 0}), HasSubstr("repeats is 0"));
}

}  // namespace
}  // namespace fedscape
