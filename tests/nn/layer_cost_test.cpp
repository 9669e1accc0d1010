#include "src/nn/layer_cost.hpp"

#include <gtest/gtest.h>

#include <array>
#include <map>

#include "fedscape/nn/layers.hpp"
#include "fedscape/nn/zoo.hpp"

namespace fedscape {
namespace {

Network lenet() { return build_network({.name = "lenet"}, {32, 32, 3}, 10); }

constexpr std::array<int, 2> kCounts = {7, 5};
const Batch kBatch{.models = 2, .size = 8, .counts = kCounts};
constexpr double kSamples = 12;

/// LeNet by hand, a sample forward: maps of 28x28x6 and 10x10x16 by kernels of 5x5, then 400, 120, 84, 10.
const std::map<std::string, double> kLenet = {{"conv1", 2.0 * 28 * 28 * 6 * (5 * 5 * 3)},
                                              {"relu1", 28 * 28 * 6},
                                              {"pool1", 4 * 14 * 14 * 6},
                                              {"conv2", 2.0 * 10 * 10 * 16 * (5 * 5 * 6)},
                                              {"relu2", 10 * 10 * 16},
                                              {"pool2", 4 * 5 * 5 * 16},
                                              {"fc1", 2.0 * 400 * 120},
                                              {"relu3", 120},
                                              {"fc2", 2.0 * 120 * 84},
                                              {"relu4", 84},
                                              {"fc3", 2.0 * 84 * 10}};

TEST(LayerCost, OfLenetForwardIsTheClosedForm) {
  const Network network = lenet();
  std::size_t found = 0;
  for (int i = 1; i < std::ssize(network.nodes()); ++i) {
    const Network::Node& node = network.nodes()[static_cast<std::size_t>(i)];
    if (node.name == "flatten") continue;
    EXPECT_EQ(nn::forward_cost(network, i, kBatch).flops, kSamples * kLenet.at(node.name)) << node.name;
    ++found;
  }
  EXPECT_EQ(found, kLenet.size());
}

TEST(LayerCost, OfLenetBackwardIsTwiceThatButForTheDataOfTheFirstLayer) {
  const Network network = lenet();
  for (int i = 1; i < std::ssize(network.nodes()); ++i) {
    const Network::Node& node = network.nodes()[static_cast<std::size_t>(i)];
    const double gradients = node.params == 0 || node.name == "conv1" ? 1 : 2;
    const double forward = node.name == "flatten" ? 0 : kSamples * kLenet.at(node.name);
    EXPECT_EQ(nn::backward_cost(network, i, kBatch).flops, gradients * forward) << node.name;
  }
}

TEST(LayerCost, CountsTheBytesOfMapsForSamplesAndThoseOfWeightsForModels) {
  Network network({4});
  network.add("hidden", linear(6), {0});
  network.add("relu", relu(), {1});
  network.add("head", linear(3), {2});
  network.finish();
  const double hidden = 4 * 6 + 6, head = 6 * 3 + 3;
  EXPECT_EQ(nn::forward_cost(network, 1, kBatch).bytes, 4 * (kSamples * (4 + 6) + 2 * hidden));
  EXPECT_EQ(nn::forward_cost(network, 2, kBatch).bytes, 4 * kSamples * (6 + 6));
  EXPECT_EQ(nn::backward_cost(network, 1, kBatch).bytes, 4 * (kSamples * (6 + 4) + 2 * hidden));        // no dx
  EXPECT_EQ(nn::backward_cost(network, 2, kBatch).bytes, 4 * kSamples * (6 + 6 + 6));                   // dy, y, dx
  EXPECT_EQ(nn::backward_cost(network, 3, kBatch).bytes, 4 * (kSamples * (3 + 6 + 6) + 2 * 2 * head));  // dy, x, dx
}

TEST(LayerCost, OfGroupedConvolutionsPoolsAndViewsIsWhatTheyDo) {
  Network network({8, 8, 4});
  ConvOptions grouped = square(8, 3, 2, 1);
  grouped.groups = 4;
  network.add("conv", conv(grouped), {0});
  network.add("pool", adaptive_average_pool(1, 1), {1});
  network.add("flatten", flatten(), {2});
  network.add("head", linear(2), {3});
  network.finish();
  EXPECT_EQ(nn::forward_cost(network, 1, kBatch).flops, kSamples * 2 * (4 * 4 * 8) * (3 * 3 * 1));
  EXPECT_EQ(nn::forward_cost(network, 2, kBatch).flops, kSamples * 4 * 4 * 8);
  EXPECT_EQ(nn::backward_cost(network, 3, kBatch).bytes, 0);
}

TEST(LayerCost, IsWhatATrainingStepLeavesInTheProfile) {
  const Network network = lenet();
  Stream stream;
  Tape tape(stream, network, 2, 8);
  Tensor<float> params(stream, {2, network.layout().size()}), grads(stream, params.shape());
  Tensor<float> x(stream, {2, 8, 32, 32, 3});
  std::fill_n(params.data(), params.size(), 0.01f);
  std::fill_n(x.data(), x.size(), 1.0f);
  const std::array<RngKey, 2> keys{};
  const Pass pass{kBatch, keys, Mode::train};
  Profile profile;
  stream.set_profile(&profile);
  profile.start();
  tape.forward(stream, pass, params, x);
  const OutputGrads out = tape.output_grads(stream, pass);
  std::fill_n(out.logits.data, out.logits.size(), 1.0f);
  tape.backward(stream, pass, params, grads);
  profile.stop();
  std::map<std::string, double> flops;
  for (const ProfileEntry& entry : profile.entries())
    flops[std::string(name(entry.phase)) + " " + std::string(entry.kind)] = entry.cost.flops;
  const double first = kLenet.at("conv1"), second = kLenet.at("conv2");
  EXPECT_EQ(flops["forward conv"], kSamples * (first + second));
  EXPECT_EQ(flops["backward conv"], kSamples * (first + 2 * second));
  EXPECT_EQ(flops["backward linear"], 2 * flops["forward linear"]);
}

}  // namespace
}  // namespace fedscape
