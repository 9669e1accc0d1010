#include "fedscape/nn/layer_list.hpp"

#include <gmock/gmock.h>

#include "fedscape/base/rng.hpp"
#include "tests/support/message_of.hpp"

namespace fedscape {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Network parse(const std::string& layers, const Shape& sample = {8, 8, 2}, int classes = 5) {
  return build_network({.name = "layers", .layers = layers}, sample, classes);
}

std::string refusal(const std::string& layers) {
  return test::message_of([&] { parse(layers); });
}

/// Output shapes of the layers, from the first on.
std::vector<Shape> shapes(const Network& network) {
  std::vector<Shape> result;
  for (const Network::Node& node : network.nodes().subspan(1)) result.push_back(node.shape);
  return result;
}

TEST(LayerList, ReadsAChainAndNamesItLikeSequential) {
  const Network network = parse("conv 6 3 pad=1, relu, pool 2, flatten, linear 7 bias=0, relu, linear");
  std::vector<std::string> names;
  for (const ParamSlot& slot : network.layout().slots()) names.push_back(slot.name);
  EXPECT_THAT(names, ElementsAre("0.weight", "0.bias", "4.weight", "6.weight", "6.bias"));
  EXPECT_EQ(network.layout()[0].torch_shape, (Shape{6, 2, 3, 3}));
  EXPECT_EQ(network.layout()[2].torch_shape, (Shape{7, 96}));
  EXPECT_EQ(network.classes(), 5);
}

TEST(LayerList, SizesMayDifferByAxis) {
  const Network network = parse(
      "conv 4 3x1 stride=2x1 pad=1x0, depthwise 2 dilation=1x2, average_pool 2x1 stride=1, adaptive_pool 1x2, linear");
  EXPECT_THAT(shapes(network),
              ElementsAre(Shape({4, 8, 4}), Shape({3, 6, 4}), Shape({2, 6, 4}), Shape({1, 2, 4}), Shape({5})));
}

TEST(LayerList, NamedLayersBranchAndJoin) {
  const Network network = parse(
      "conv 4 3 pad=1 as=stem, batch_norm, leaky_relu 0.2, conv 4 3 pad=1, add stem as=sum, group_norm 2 from=stem "
      "as=g, "
      "relu, concatenate sum input, dropout 0.5, linear");
  const auto nodes = network.nodes();
  EXPECT_THAT(nodes[5].inputs, ElementsAre(4, 1));
  EXPECT_THAT(nodes[6].inputs, ElementsAre(1));
  EXPECT_THAT(nodes[8].inputs, ElementsAre(7, 5, 0));
  EXPECT_EQ(nodes[8].shape, (Shape{8, 8, 10}));
}

TEST(LayerList, EveryKindIsNamedOnce) {
  for (const ZooEntry& kind : layer_kinds())
    EXPECT_THAT(refusal(std::string(kind.name) + "!"), HasSubstr(fmt::format("did you mean '{}'", kind.name)));
}

TEST(LayerList, RefusalsNamePlaceAndFinding) {
  EXPECT_EQ(refusal("relu, covn 3 3"), "layers: place 1, 'covn 3 3': there is no layer 'covn'; did you mean 'conv'?");
  EXPECT_EQ(refusal("conv x 3"),
            "layers: place 0, 'conv x 3': the filters must be a whole number in 1..65536, not 'x'");
  EXPECT_EQ(refusal("conv 3"), "layers: place 0, 'conv 3': a kernel size was expected");
  EXPECT_EQ(refusal("conv 3 3 strid=2"), "layers: place 0, 'conv 3 3 strid=2': nothing is known of 'strid=2'");
  EXPECT_EQ(refusal("relu, add stem"), "layers: place 1, 'add stem': no layer before it is called 'stem'");
  EXPECT_EQ(refusal("relu 1"), "layers: place 0, 'relu 1': nothing is known of '1'");
  EXPECT_EQ(refusal("flatten, linear 3"), "layers must end in one number for each of 5 classes ('linear'), not in [3]");
}

TEST(LayerList, WhatCannotBeIsRefused) {
  for (const char* list : {"",
                           ",",
                           "relu,,linear",
                           "conv 0 3, linear",
                           "conv 99999999999999999999 3",
                           "conv 3 0",
                           "conv 3 3x",
                           "conv 3 3 stride=0",
                           "conv 3 3 pad=-1",
                           "conv 3 9",
                           "conv 3 3 dilation=1024",
                           "conv 3 2 groups=3",
                           "pool 2 pad=2",
                           "pool 9",
                           "linear, conv 3 3",
                           "group_norm 3, linear",
                           "dropout 1, linear",
                           "dropout nan, linear",
                           "leaky_relu -1, linear",
                           "relu as=a, relu as=a, linear",
                           "relu as=input, linear",
                           "add input, linear",
                           "relu as=, linear",
                           "conv 3 3 as=a, add input, linear",
                           "conv 3 3, concatenate input, linear",
                           "relu, relu from=input, linear",
                           "adaptive_pool 1024, linear 65536, linear 65536, linear"})
    EXPECT_NE(refusal(list), "") << list;
  EXPECT_THAT(refusal(std::string(100000, ',')), HasSubstr("place 0"));
  std::string many;
  for (int i = 0; i < 1001; ++i) many += "relu,";
  EXPECT_THAT(refusal(many + "linear"), HasSubstr("more than 1000 layers"));
}

TEST(LayerList, GarbledListsBuildOrAreRefused) {
  const std::string good =
      "conv 6 3 pad=1 as=a, relu, conv 6 3x3 pad=1, add a, pool 2, flatten, linear 7, relu, linear";
  ASSERT_EQ(refusal(good), "");
  const std::string letters = "0123456789 ,=xabcdefgilnoprstuv_-.";
  int built = 0;
  for (std::uint32_t copy = 0; copy < 400; ++copy) {
    Draws draws({.seed = 1, .client = copy});
    std::string list = good;
    for (std::uint32_t change = 0; change <= copy % 2; ++change) {
      char& c = list[static_cast<std::size_t>(draws.below(static_cast<std::int64_t>(list.size())))];
      c = letters[static_cast<std::size_t>(draws.below(static_cast<std::int64_t>(letters.size())))];
    }
    built += refusal(list).empty();
  }
  EXPECT_GT(built, 0);
  EXPECT_LT(built, 400);
}

}  // namespace
}  // namespace fedscape
