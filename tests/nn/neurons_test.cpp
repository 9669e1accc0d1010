#include "fedscape/nn/neurons.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <map>

#include "fedscape/nn/layers.hpp"
#include "fedscape/nn/zoo.hpp"
#include "tests/support/gradcheck.hpp"
#include "tests/support/message_of.hpp"

namespace fedscape {
namespace {

using ::testing::HasSubstr;

const Shape kSample{16, 16, 3};

/// Any order within each group.
std::vector<int> some_permutation(const Neurons& neurons, std::uint32_t seed = 1) {
  std::vector<int> from(static_cast<std::size_t>(neurons.size()));
  Draws draws({seed, Purpose::test});
  for (const Neurons::Group& group : neurons.groups()) {
    std::vector<int> order = group.neurons;
    draws.shuffle(std::span(order));
    for (std::size_t i = 0; i < order.size(); ++i) from[static_cast<std::size_t>(group.neurons[i])] = order[i];
  }
  return from;
}

std::vector<float> permuted(const Neurons& neurons, std::span<const int> from, const std::vector<float>& params) {
  std::vector<float> out(params.size());
  neurons.permute(from, params, out);
  return out;
}

/// Logits of three samples, which are `x` if it is not empty.
std::vector<float> logits(const Network& network, const std::vector<float>& params, std::vector<float> x = {}) {
  Stream stream;
  Tape tape(stream, network, 1, 3);
  const std::vector<int> counts{3};
  if (x.empty()) x = test::normal_values(network.sample().size() * 3, 2);
  const Pass pass{.batch = {1, 3, counts}, .keys = {}, .mode = Mode::evaluate};
  return to_host(stream, tape.forward(stream, pass, {params.data(), {1, network.layout().size()}},
                                      {x.data(), network.sample().under(3).under(1)})
                             .logits);
}

std::map<std::string, std::vector<std::size_t>> sizes_of(const NetworkOptions& options) {
  std::map<std::string, std::vector<std::size_t>> sizes;
  const Network network = build_network(options, kSample, 4);
  const Neurons neurons(network);
  for (const Neurons::Group& group : neurons.groups()) sizes[group.name].push_back(group.neurons.size());
  return sizes;
}

using Sizes = std::map<std::string, std::vector<std::size_t>>;

TEST(Neurons, OfAChainFormAGroupForEveryHiddenLayer) {
  EXPECT_EQ(sizes_of({.name = "mlp", .hidden = "12,9"}), (Sizes{{"encoder.1", {12}}, {"encoder.3", {9}}}));
  EXPECT_EQ(sizes_of({.name = "lenet"}), (Sizes{{"conv1", {6}}, {"conv2", {16}}, {"fc1", {120}}, {"fc2", {84}}}));
}

TEST(Neurons, OfAResidualStreamAreOneGroup) {
  EXPECT_EQ(sizes_of({.name = "resnet14", .shortcut = "B"}), (Sizes{{"conv1", {16}},
                                                                    {"layer1.0.conv1", {16}},
                                                                    {"layer1.1.conv1", {16}},
                                                                    {"layer2.0.conv1", {32}},
                                                                    {"layer2.0.conv2", {32}},
                                                                    {"layer2.1.conv1", {32}},
                                                                    {"layer3.0.conv1", {64}},
                                                                    {"layer3.0.conv2", {64}},
                                                                    {"layer3.1.conv1", {64}}}));
}

TEST(Neurons, OfAPaddedShortcutStayWithinOrWithoutTheNarrowerStream) {
  EXPECT_EQ(sizes_of({.name = "resnet8"}), (Sizes{{"conv1", {16}},
                                                  {"layer1.0.conv1", {16}},
                                                  {"layer2.0.conv1", {32}},
                                                  {"layer2.0.conv2", {16}},
                                                  {"layer3.0.conv1", {64}},
                                                  {"layer3.0.conv2", {32}}}));
}

TEST(Neurons, UnderAGroupNormStayInTheirGroups) {
  EXPECT_EQ(sizes_of({.name = "layers", .layers = "conv 6 3, group_norm 2, relu, flatten, linear"}),
            (Sizes{{"0", {3, 3}}}));
}

TEST(Neurons, ThatALayerOfUnknownKindReadsOrMakesStayInTheirPlaces) {
  EXPECT_EQ(sizes_of({.name = "layers", .layers = "conv 6 3, relu, conv 4 3 groups=2, relu, flatten, linear"}),
            Sizes{});
}

TEST(Neurons, MoveRowsBiasesAndTheColumnsBehindThem) {
  const Network network = build_network({.name = "mlp", .hidden = "3"}, {2}, 2);
  const std::vector<float> params = {11, 12, 21, 22, 31, 32, 1, 2, 3, /* classifier */ 10, 20, 30, 100, 200, 300, 7, 8};
  const std::vector<int> from = {2, 0, 1};
  EXPECT_EQ(permuted(Neurons(network), from, params),
            (std::vector<float>{31, 32, 11, 12, 21, 22, 3, 1, 2, 30, 10, 20, 300, 100, 200, 7, 8}));
}

const std::vector<NetworkOptions> kNetworks = {
    {.name = "mlp", .hidden = "12,9"},
    {.name = "lenet"},
    {.name = "femnist-mlp"},
    {.name = "vgg9"},
    {.name = "vgg9", .norm = "gn"},
    {.name = "resnet14"},
    {.name = "resnet14", .shortcut = "B"},
    {.name = "resnet14", .shortcut = "none"},
    {.name = "resnet14", .shortcut = "B", .norm = "gn"},
    {.name = "layers",
     .layers = "conv 6 3 pad=1 as=a, relu, depthwise 3 pad=1, batch_norm, concatenate a, conv 8 3, "
               "relu, pool 2, flatten, linear 5, leaky_relu, linear"},
};

TEST(Neurons, ThatChangePlacesLeaveTheFunctionButForRounding) {
  for (const NetworkOptions& options : kNetworks) {
    const Network network = build_network(options, kSample, 4);
    const Neurons neurons(network);
    const auto params = test::sensible_params(network, 1);
    const auto moved = permuted(neurons, some_permutation(neurons), params);
    EXPECT_NE(moved, params);
    const std::vector<float> before = logits(network, params), after = logits(network, moved);
    double largest = 0;
    for (const float y : before) largest = std::max(largest, std::abs(double(y)));
    for (std::size_t i = 0; i < before.size(); ++i)
      EXPECT_NEAR(before[i], after[i], 1e-5 * largest) << options.name << " " << options.norm << options.shortcut;
  }
}

/// Whole numbers so small that no sum of their products rounds: the order of sums does not matter.
std::vector<float> whole_numbers(std::int64_t count, std::uint32_t client) {
  std::vector<float> values(static_cast<std::size_t>(count));
  Draws draws({.seed = 3, .purpose = Purpose::test, .client = client});
  for (float& value : values) value = static_cast<float>(draws.below(3) - 1);
  return values;
}

TEST(Neurons, ThatChangePlacesLeaveTheBitsWhereNoSumRounds) {
  for (const char* name : {"mlp", "lenet"}) {
    const Network network = build_network({.name = name, .hidden = "12,9"}, kSample, 4);
    const Neurons neurons(network);
    const auto params = whole_numbers(network.layout().size(), 1), x = whole_numbers(3 * kSample.size(), 2);
    const std::vector<float> before = logits(network, params, x);
    float largest = 0;
    for (const float y : before) largest = std::max(largest, std::abs(y));
    ASSERT_GT(largest, 0);
    ASSERT_LT(largest, 0x1p22f);
    for (std::uint32_t seed = 1; seed < 5; ++seed)
      EXPECT_EQ(logits(network, permuted(neurons, some_permutation(neurons, seed), params), x), before) << name;
  }
}

TEST(Neurons, ComeBackByTheInverse) {
  for (const NetworkOptions& options : kNetworks) {
    const Network network = build_network(options, kSample, 4);
    const Neurons neurons(network);
    const auto params = test::sensible_params(network, 1);
    const std::vector<int> from = some_permutation(neurons);
    EXPECT_EQ(permuted(neurons, inverse(from), permuted(neurons, from, params)), params) << options.name;
  }
}

TEST(Neurons, WithEncodedPositionsChangeTheFunctionByChangingPlaces) {
  for (NetworkOptions options : kNetworks) {
    if (options.name == "layers") continue;
    options.pan = {.kind = "mul", .amplitude = 0.5};
    const Network network = build_network(options, kSample, 4);
    const Neurons neurons(network);
    const auto params = test::sensible_params(network, 1);
    const std::vector<float> before = logits(network, params);
    const std::vector<float> after = logits(network, permuted(neurons, some_permutation(neurons), params));
    double difference = 0, size = 0;
    for (std::size_t i = 0; i < before.size(); ++i)
      difference += std::pow(double(before[i]) - double(after[i]), 2), size += std::pow(double(before[i]), 2);
    EXPECT_GT(std::sqrt(difference / size), 1e-2) << options.name << " " << options.norm << options.shortcut;
  }
}

TEST(Neurons, RefuseWhatIsNoPermutationOfAGroup) {
  const Network network = build_network({.name = "mlp", .hidden = "2,2"}, {2}, 2);
  const Neurons neurons(network);
  const std::vector<float> params(static_cast<std::size_t>(network.layout().size()));
  const auto refusal = [&](std::vector<int> from) {
    return test::message_of([&] { permuted(neurons, from, params); });
  };
  EXPECT_EQ(refusal({1, 0, 2, 3}), "");
  EXPECT_THAT(refusal({2, 1, 0, 3}), HasSubstr("neurons of encoder.1 do not change places among themselves"));
  EXPECT_THAT(refusal({0, 1, 3, 3}), HasSubstr("neurons of encoder.3"));
  EXPECT_THAT(refusal({0, 1}), HasSubstr("a permutation of 2 for 4 neurons"));
}

}  // namespace
}  // namespace fedscape
