#include "fedscape/nn/zoo.hpp"

#include <gmock/gmock.h>

#include "tests/support/message_of.hpp"

namespace fedscape {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Parameters as PyTorch counts them: without running statistics.
std::int64_t count(const NetworkOptions& options, const Shape& sample, int classes) {
  const Network network = build_network(options, sample, classes);
  std::int64_t trained = 0;
  for (const auto& run : network.layout().trained()) trained += run.second - run.first;
  return trained;
}

std::vector<std::string> names(const NetworkOptions& options, const Shape& sample) {
  std::vector<std::string> result;
  const Network network = build_network(options, sample, 10);
  for (const ParamSlot& slot : network.layout().slots()) result.push_back(slot.name);
  return result;
}

std::string refusal(const NetworkOptions& options, const Shape& sample, int classes = 10) {
  return test::message_of([&] { build_network(options, sample, classes); });
}

const Shape kCifar{32, 32, 3}, kMnist{28, 28, 1};

// What the networks' own code counts: see the sources in zoo.hpp.
TEST(Zoo, SmallNetworksHaveTheirPublishedSizes) {
  EXPECT_EQ(count({.name = "lenet"}, kCifar, 10), 62006);
  EXPECT_EQ(count({.name = "lenet"}, kMnist, 10), 61706);
  EXPECT_EQ(count({.name = "cnn"}, kCifar, 10), 1626442);
  EXPECT_EQ(count({.name = "cnn"}, kMnist, 62), 1206590);
  EXPECT_EQ(count({.name = "fedavgcnn"}, kMnist, 10), 582026);
  EXPECT_EQ(count({.name = "fedavgcnn"}, kCifar, 10), 878538);
  EXPECT_EQ(count({.name = "logistic"}, kMnist, 10), 7850);
}

TEST(Zoo, ResNetsHaveTheirPublishedSizes) {
  const auto resnet = [](const char* name, const char* shortcut, double width = 1) {
    return count({.name = name, .width = width, .shortcut = shortcut}, kCifar, 10);
  };
  EXPECT_EQ(resnet("resnet20", "B"), 272474);
  EXPECT_EQ(resnet("resnet20", "none"), 269722);
  EXPECT_EQ(resnet("resnet20", "A"), 269722);
  EXPECT_EQ(resnet("resnet32", "B"), 466906);
  EXPECT_EQ(resnet("resnet44", "B"), 661338);
  EXPECT_EQ(resnet("resnet56", "B"), 855770);
  EXPECT_EQ(resnet("resnet56", "none"), 853018);
  EXPECT_EQ(resnet("resnet110", "B"), 1730714);
  EXPECT_EQ(resnet("resnet110", "none"), 1727962);
  EXPECT_EQ(resnet("resnet56", "B", 2), 3412394);  // wrn56_2
}

TEST(Zoo, LargeNetworksHaveTheirPublishedSizes) {
  EXPECT_EQ(count({.name = "resnet18"}, kCifar, 10), 11173962);
  EXPECT_EQ(count({.name = "resnet18", .norm = "gn"}, kCifar, 10), 11173962);
  EXPECT_EQ(count({.name = "resnet18-imagenet"}, {224, 224, 3}, 1000), 11689512);
  EXPECT_EQ(count({.name = "resnet34-imagenet"}, {224, 224, 3}, 1000), 21797672);
  EXPECT_EQ(count({.name = "vgg9-landscape"}, kCifar, 10), 2789706);
  EXPECT_EQ(count({.name = "vgg16-landscape"}, kCifar, 10), 14991946);
}

// Weights and biases of 3x3 convolutions between consecutive widths, and the head.
TEST(Zoo, VggIsItsConvolutionsAndItsHead) {
  const auto convolutions = [](std::vector<std::int64_t> widths) {
    std::int64_t in = 3, total = 0;
    for (const std::int64_t out : widths) total += 9 * in * out + out, in = out;
    return total;
  };
  EXPECT_EQ(count({.name = "vgg8", .norm = "none"}, kCifar, 10), convolutions({64, 128, 256, 512, 512}) + 5130);
  EXPECT_EQ(count({.name = "vgg11", .norm = "none"}, kCifar, 10),
            convolutions({64, 128, 256, 256, 512, 512, 512, 512}) + 5130);
  EXPECT_EQ(count({.name = "vgg11"}, kCifar, 10), count({.name = "vgg11", .norm = "none"}, kCifar, 10) + 2 * 2752);
  EXPECT_EQ(count({.name = "vgg9", .norm = "none"}, kCifar, 10),
            convolutions({32, 64, 128, 128, 256, 256}) + 4097 * 512 + 513 * 512 + 5130);
  EXPECT_EQ(
      count({.name = "vgg8-mlp", .norm = "none"}, kCifar, 10) - count({.name = "vgg8", .norm = "none"}, kCifar, 10),
      2 * 513 * 512);
}

TEST(Zoo, NamesAreThoseOfTheOriginals) {
  EXPECT_THAT(names({.name = "mlp", .hidden = "8, 6"}, kMnist),
              ElementsAre("encoder.1.weight", "encoder.1.bias", "encoder.3.weight", "encoder.3.bias",
                          "classifier.weight", "classifier.bias"));
  EXPECT_THAT(
      names({.name = "lenet16", .classifier_bias = false}, kMnist),
      ElementsAre("encoder.0.weight", "encoder.0.bias", "encoder.3.weight", "encoder.3.bias", "classifier.weight"));
  EXPECT_THAT(names({.name = "tfcnn-mlp"}, kCifar),
              ElementsAre("encoder.0.weight", "encoder.0.bias", "encoder.3.weight", "encoder.3.bias",
                          "encoder.6.weight", "encoder.6.bias", "classifier.0.weight", "classifier.0.bias",
                          "classifier.2.weight", "classifier.2.bias"));
  EXPECT_THAT(names({.name = "cnn", .dropout = 0}, kCifar),
              ElementsAre("1.weight", "1.bias", "3.weight", "3.bias", "8.weight", "8.bias", "11.weight", "11.bias"));
}

TEST(Zoo, ResNetsNameShortcutsAsTheirOriginals) {
  const auto has = [](const NetworkOptions& options, const char* name) {
    return build_network(options, kCifar, 10).layout().find(name) >= 0;
  };
  EXPECT_TRUE(has({.name = "resnet14", .shortcut = "B"}, "layer2.0.shortcut.0.weight"));
  EXPECT_TRUE(has({.name = "resnet14", .shortcut = "B"}, "layer2.0.shortcut.1.running_var"));
  EXPECT_FALSE(has({.name = "resnet14", .shortcut = "B"}, "layer1.0.shortcut.0.weight"));
  EXPECT_FALSE(has({.name = "resnet14"}, "layer2.0.shortcut.0.weight"));
  EXPECT_TRUE(has({.name = "resnet18"}, "layer4.0.shortcut.0.weight"));
  EXPECT_TRUE(has({.name = "resnet18-imagenet"}, "layer4.0.downsample.1.weight"));
  EXPECT_TRUE(has({.name = "vgg11"}, "encoder.0.25.weight"));
  EXPECT_TRUE(has({.name = "vgg9-landscape"}, "fc.1.running_mean"));
}

TEST(Zoo, EveryEntryBuildsWithClassesAndAClassifier) {
  for (const ZooEntry& entry : zoo()) {
    const NetworkOptions options{.name = std::string(entry.name), .layers = "conv 4 3, relu, flatten, linear"};
    const Network network = build_network(options, kCifar, 7);
    EXPECT_EQ(network.classes(), 7) << entry.name;
    EXPECT_EQ(network.layout().slots().back().group, ParamGroup::classifier) << entry.name;
    EXPECT_FALSE(entry.help.empty());
  }
}

TEST(Zoo, SamplesTooSmallAreRefusedByNameAndPlace) {
  EXPECT_EQ(refusal({.name = "lenet"}, {12, 12, 1}),
            "samples [12,12,1] are too small for network 'lenet': at conv2 the map is 4x4 and the window 5x5");
  EXPECT_THAT(refusal({.name = "vgg11"}, {16, 16, 3}), HasSubstr("too small for network 'vgg11'"));
  EXPECT_THAT(refusal({.name = "cnn"}, {3, 32, 3}), HasSubstr("too small for network 'cnn'"));
  EXPECT_THAT(refusal({.name = "lenet"}, {784}), HasSubstr("needs samples [y,x,channels], not [784]"));
  EXPECT_EQ(refusal({.name = "mlp"}, {784}), "");
}

TEST(Zoo, NonsenseIsRefusedByName) {
  EXPECT_THAT(refusal({.name = "lenett"}, kCifar), HasSubstr("did you mean 'lenet'"));
  EXPECT_THAT(refusal({.name = "resnet21"}, kCifar), HasSubstr("no network 'resnet21'; did you mean 'resnet20'"));
  for (const char* name : {"resnet", "resnet-4", "resnet2", "resnet99999999999999", "resnet6002", "resnet20x", ""})
    EXPECT_THAT(refusal({.name = name}, kCifar), HasSubstr("there is no network")) << name;
  for (const char* hidden : {"12,x", "0", "-3", "99999999999", ","})
    EXPECT_THAT(refusal({.name = "mlp", .hidden = hidden}, kMnist), HasSubstr("hidden is")) << hidden;
  EXPECT_THAT(refusal({.name = "resnet8", .width = 1e9}, kCifar), HasSubstr("width is 1000000000"));
  EXPECT_THAT(refusal({.name = "resnet8", .shortcut = "C"}, kCifar), HasSubstr("expected A, B or none"));
  EXPECT_THAT(refusal({.name = "resnet18", .norm = "none"}, kCifar), HasSubstr("expected bn or gn"));
  EXPECT_THAT(refusal({.name = "cnn", .dropout = 1}, kCifar), HasSubstr("dropout is 1"));
  EXPECT_THAT(refusal({.name = "resnet18", .norm = "gn", .groups = 5}, kCifar), HasSubstr("groups"));
  EXPECT_THAT(refusal({.name = "mlp"}, {1 << 20, 1 << 20, 4}), HasSubstr("expected [y,x,channels]"));
  EXPECT_THAT(refusal({.name = "lenet"}, kCifar, 0), HasSubstr("0 classes"));
}

}  // namespace
}  // namespace fedscape
