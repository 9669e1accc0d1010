#include "fedscape/nn/pan.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <numbers>

#include "fedscape/nn/zoo.hpp"
#include "src/nn/fusion.hpp"
#include "tests/support/gradcheck.hpp"
#include "tests/support/message_of.hpp"

namespace fedscape {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const Shape kSample{16, 16, 3};

/// Networks of every family that has hidden layers, small.
const std::vector<NetworkOptions> kNetworks = {
    {.name = "mlp", .hidden = "12,9"},
    {.name = "lenet"},
    {.name = "cnn"},
    {.name = "tfcnn-mlp"},
    {.name = "vgg9"},
    {.name = "vgg9", .norm = "none"},
    {.name = "vgg9", .norm = "gn"},
    {.name = "resnet8", .width = 0.5},
    {.name = "resnet8", .width = 0.5, .shortcut = "B"},
    {.name = "resnet8", .width = 0.5, .shortcut = "B", .norm = "gn"},
};

std::string text_of(const NetworkOptions& options) {
  return options.name + " " + options.norm + " " + options.shortcut;
}

NetworkOptions with(NetworkOptions options, const PanOptions& pan) {
  options.pan = pan;
  return options;
}

std::vector<std::string> nodes_of(const NetworkOptions& options) {
  std::vector<std::string> names;
  const Network network = build_network(options, kSample, 4);
  for (const Network::Node& node : network.nodes()) names.push_back(node.name);
  return names;
}

std::size_t steps_of(const NetworkOptions& options) { return nn::fuse(build_network(options, kSample, 4)).size(); }

/// Logits of three samples.
std::vector<float> logits(const Network& network, Mode mode, const std::vector<float>& params) {
  Stream stream;
  Tape tape(stream, network, 1, 3);
  const std::vector<int> counts{3};
  const std::vector<RngKey> keys{{1, Purpose::test}};
  const auto x = test::normal_values(network.sample().size() * 3, 2);
  const Pass pass{.batch = {1, 3, counts}, .keys = keys, .mode = mode};
  return to_host(stream, tape.forward(stream, pass, {params.data(), {1, network.layout().size()}},
                                      {x.data(), network.sample().under(3).under(1)})
                             .logits);
}

TEST(PositionAwareNeurons, OffAreTheNetworkWithoutThem) {
  for (const NetworkOptions& options : kNetworks)
    for (const PanOptions& off : {PanOptions{.kind = "none", .amplitude = 2}, PanOptions{.kind = "add", .amplitude = 0},
                                  PanOptions{.kind = "mul", .amplitude = 2, .ratio = 0}})
      EXPECT_EQ(nodes_of(with(options, off)), nodes_of(options)) << text_of(options);
}

TEST(PositionAwareNeurons, AddOrMultiplyASineOverTheFirstNeurons) {
  Stream stream;
  const std::vector<int> counts{1};
  const std::vector<float> x{1, 2, 3, 4, 5, 6, 7, 8};
  for (const std::string kind : {"add", "mul"}) {
    Network network({8});
    network.add("pan", position_encoding({.kind = kind, .amplitude = 0.5, .period = 3, .ratio = 0.8}), {0});
    network.finish();
    Tape tape(stream, network, 1, 1);
    const View<const float> y =
        tape.forward(stream, {.batch = {1, 1, counts}, .keys = {}}, {nullptr, {1, 0}}, {x.data(), {1, 1, 8}}).logits;
    for (int j = 0; j < 8; ++j) {
      const double e = j < 6 ? 0.5 * std::sin(2 * std::numbers::pi * 3 * j / 8) : 0;
      const float value = x[static_cast<std::size_t>(j)];
      EXPECT_FLOAT_EQ(y.data[j], static_cast<float>(kind == "add" ? value + e : value * (1 + e))) << kind << j;
    }
  }
}

TEST(PositionAwareNeurons, AmplitudeIsThePublishedOneUnlessItIsGiven) {
  for (const auto& [kind, amplitude] : {std::pair{"add", 0.15}, {"mul", 0.05}}) {
    const Network open = build_network(with({.name = "mlp"}, {.kind = kind}), kSample, 4);
    const Network given = build_network(with({.name = "mlp"}, {.kind = kind, .amplitude = amplitude}), kSample, 4);
    const auto params = test::sensible_params(open, 1);
    EXPECT_EQ(logits(open, Mode::train, params), logits(given, Mode::train, params));
  }
}

TEST(PositionAwareNeurons, StandBehindTheNormsOfAResNetsBlocksAndNotInTheStem) {
  std::vector<std::string> encodings;
  const PanOptions pan{.kind = "add", .amplitude = 1};
  for (const std::string& name : nodes_of(with({.name = "resnet8", .shortcut = "B"}, pan)))
    if (name.ends_with(".pan")) encodings.push_back(name);
  EXPECT_THAT(encodings, ElementsAre("layer1.0.bn1.pan", "layer1.0.bn2.pan", "layer2.0.bn1.pan", "layer2.0.bn2.pan",
                                     "layer2.0.shortcut.1.pan", "layer3.0.bn1.pan", "layer3.0.bn2.pan",
                                     "layer3.0.shortcut.1.pan"));
}

TEST(PositionAwareNeurons, AreNotAveragedAwayByBatchNorm) {
  const NetworkOptions plain{.name = "vgg9"};
  const Network without = build_network(plain, kSample, 4);
  const auto params = test::sensible_params(without, 1);
  for (const char* kind : {"add", "mul"}) {
    const Network network = build_network(with(plain, {.kind = kind, .amplitude = 0.5}), kSample, 4);
    EXPECT_NE(logits(network, Mode::train, params), logits(without, Mode::train, params)) << kind;
  }
}

TEST(PositionAwareNeurons, CostNothingInInference) {
  for (const NetworkOptions& options : kNetworks) {
    const std::size_t without = steps_of(options);
    EXPECT_EQ(steps_of(with(options, {.kind = "add", .amplitude = 0.5})), without) << text_of(options);
    EXPECT_EQ(steps_of(with(options, {.kind = "mul", .amplitude = 1.5})), without) << text_of(options);
  }
  for (const char* name : {"mlp", "lenet", "vgg9"}) {  // ReLU commutes with what is not negative
    const PanOptions after{.kind = "mul", .amplitude = 0.5, .position = "after"};
    EXPECT_EQ(steps_of(with({.name = name}, after)), steps_of({.name = name})) << name;
  }
}

void expect_plan_agrees(const NetworkOptions& options) {
  const Network network = build_network(options, kSample, 4);
  const auto params = test::sensible_params(network, 1);
  const std::vector<float> expected = logits(network, Mode::evaluate, params);
  Stream stream;
  InferencePlan plan(stream, network, 1);
  plan.load(stream, {params.data(), {1, network.layout().size()}});
  const auto x = test::normal_values(network.sample().size() * 3, 2);
  const View<const float> out = plan.forward(stream, {x.data(), network.sample().under(3).under(1)}).logits;
  double largest = 0;
  for (const float y : expected) largest = std::max(largest, std::abs(double(y)));
  for (std::size_t i = 0; i < expected.size(); ++i)  // as network_test.cpp: rounding, relative to the logits
    EXPECT_NEAR(out.data[i], expected[i], 1e-4 * largest) << text_of(options) << " " << options.pan.kind;
}

TEST(PositionAwareNeurons, AreTheSameInAnInferencePlanAsInTraining) {
  for (const NetworkOptions& options : kNetworks)
    for (const char* kind : {"add", "mul"})
      for (const char* position : {"before", "after"}) {
        if (options.name == "resnet8" && position == std::string("after")) continue;
        for (const double amplitude : {0.5, 1.5})  // above 1 some neurons change their sign
          expect_plan_agrees(with(options, {.kind = kind, .amplitude = amplitude, .ratio = 0.7, .position = position}));
      }
}

std::string refusal(const char* name, const PanOptions& pan) {
  return test::message_of([&] { build_network(with({.name = name, .layers = "flatten, linear"}, pan), kSample, 4); });
}

TEST(PositionAwareNeurons, RefuseNonsenseByName) {
  EXPECT_THAT(refusal("mlp", {.kind = "sum"}), HasSubstr("pan is 'sum'; expected none, add or mul"));
  EXPECT_THAT(refusal("mlp", {.kind = "add", .amplitude = -2}), HasSubstr("pan_amplitude is -2"));
  EXPECT_THAT(refusal("mlp", {.kind = "add", .amplitude = NAN}), HasSubstr("pan_amplitude is nan"));
  EXPECT_THAT(refusal("mlp", {.kind = "add", .period = 0}), HasSubstr("pan_period is 0"));
  EXPECT_THAT(refusal("mlp", {.kind = "add", .ratio = 1.5}), HasSubstr("pan_ratio is 1.5"));
  EXPECT_THAT(refusal("mlp", {.kind = "add", .position = "within"}), HasSubstr("expected before or after"));
  EXPECT_THAT(refusal("resnet8", {.kind = "add", .position = "after"}), HasSubstr("can only be before"));
  EXPECT_THAT(refusal("logistic", {.kind = "add"}), HasSubstr("network 'logistic' has no layer to encode"));
  EXPECT_THAT(refusal("layers", {.kind = "add"}), HasSubstr("in a list of layers: pan"));
}

TEST(PositionAwareNeurons, StandInAListOfLayersWhereItSaysPan) {
  NetworkOptions options{.name = "layers", .layers = "flatten, linear 5, pan, relu, linear 4, relu, linear"};
  EXPECT_EQ(build_network(options, kSample, 4).nodes().size(), 7u);
  options.pan = {.kind = "mul"};
  const Network network = build_network(options, kSample, 4);
  ASSERT_EQ(network.nodes().size(), 8u);
  EXPECT_EQ(network.nodes()[3].name, "2.pan");
}

}  // namespace
}  // namespace fedscape
