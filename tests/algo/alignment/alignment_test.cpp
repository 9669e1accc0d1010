#include "fedscape/algo/alignment/alignment.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

#include "fedscape/algo/alignment/shuffle.hpp"
#include "fedscape/data/synthetic.hpp"
#include "fedscape/nn/zoo.hpp"
#include "fedscape/ops/loss.hpp"
#include "tests/support/gradcheck.hpp"

namespace fedscape {
namespace {

using ::testing::ElementsAre;

/// 40 images of 16x16 of 4 classes.
Dataset images() {
  SyntheticOptions options;
  options.classes = 4, options.test_samples = 40;
  return planted_images(options, Split::test, 1);
}

Network make(NetworkOptions options) { return build_network(options, {16, 16, 1}, 4); }

/// The model with its neurons in another order.
std::vector<float> shuffled(const Network& network, const std::vector<float>& params, std::vector<int>& from) {
  const Neurons neurons(network);
  Draws draws({7, Purpose::test});
  from = partial_shuffle(neurons, 1, 1, draws);
  std::vector<float> out(params.size());
  neurons.permute(from, params, out);
  return out;
}

std::vector<std::string> activations_of(const NetworkOptions& options) {
  const Network network = make(options);
  std::vector<std::string> names;
  for (const HiddenLayer& layer : hidden_layers(network))
    names.push_back(layer.name + " " + network.nodes()[static_cast<std::size_t>(layer.activation)].name);
  return names;
}

TEST(HiddenLayers, AreActiveBehindTheirReluThroughNormsEncodingsAndSums) {
  EXPECT_THAT(activations_of({.name = "lenet"}), ElementsAre("conv1 relu1", "conv2 relu2", "fc1 relu3", "fc2 relu4"));
  EXPECT_THAT(activations_of({.name = "resnet8", .pan = {.kind = "add"}}),
              ElementsAre("conv1 relu", "layer1.0.conv1 layer1.0.relu1", "layer1.0.conv2 layer1.0.relu2",
                          "layer2.0.conv1 layer2.0.relu1", "layer2.0.conv2 layer2.0.relu2",
                          "layer3.0.conv1 layer3.0.relu1", "layer3.0.conv2 layer3.0.relu2"));
}

TEST(Alignment, OfAModelWithItselfIsWhole) {
  const Network network = make({.name = "lenet"});
  const auto params = test::sensible_params(network, 1);
  const Dataset probe = images();
  Stream stream;
  for (const auto& features :
       {weight_features(network, params), activation_features(stream, network, params, probe, 40),
        preference_features(stream, network, params, probe, 40)})
    for (const NeuronFeatures& layer : features) EXPECT_EQ(share_in_place(layer, layer), 1);
}

/// The share of a group's neurons that a permutation leaves in their places.
double kept(const Neurons& neurons, std::span<const int> from, std::size_t group) {
  int count = 0;
  const std::vector<int>& own = neurons.groups()[group].neurons;
  for (const int neuron : own) count += from[static_cast<std::size_t>(neuron)] == neuron;
  return count / static_cast<double>(own.size());
}

TEST(Alignment, FindsWhichNeuronsAShuffleHasMoved) {
  const Network network = make({.name = "lenet"});
  const auto params = test::sensible_params(network, 1);
  std::vector<int> from;
  const auto moved = shuffled(network, params, from);
  const Neurons neurons(network);
  const Dataset probe = images();
  Stream stream;
  const auto a = activation_features(stream, network, params, probe, 40);
  const auto b = activation_features(stream, network, moved, probe, 40);
  ASSERT_EQ(a.size(), neurons.groups().size());
  for (std::size_t layer = 0; layer < 2; ++layer)  // of the linear ones some never fire, and may stand anywhere
    EXPECT_EQ(share_in_place(a[layer], b[layer]), kept(neurons, from, layer)) << layer;
  EXPECT_LT(share_in_place(a[2], b[2]), 0.5);
  EXPECT_EQ(share_in_place(weight_features(network, params)[0], weight_features(network, moved)[0]),
            kept(neurons, from, 0));
}

TEST(WeightFeatures, AreRowsWithTheirBiases) {
  const Network network = build_network({.name = "mlp", .hidden = "2"}, {3}, 2);
  const std::vector<float> params = {1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0};
  const auto features = weight_features(network, params);
  ASSERT_EQ(features.size(), 1u);
  EXPECT_EQ(features[0].values, (std::vector<float>{1, 2, 3, 7, 4, 5, 6, 8}));
}

TEST(ActivationFeatures, AreTheLargestOverPositionsOfEverySample) {
  const Network network = make({.name = "layers", .layers = "conv 3 1, relu, flatten, linear"});
  std::vector<float> params(static_cast<std::size_t>(network.layout().size()));
  params[0] = 1, params[1] = -1, params[2] = 0.5f, params[5] = 2;  // weights of three filters, then their biases
  const Dataset probe = images();
  Stream stream;
  const auto features = activation_features(stream, network, params, probe, 10);
  std::vector<std::int32_t> order = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  const Tensor<float> x(stream, {10, 16, 16, 1});
  const Tensor<std::int32_t> y(stream, {10});
  probe.gather(stream, order, {}, {}, x, y);
  for (std::size_t i = 0; i < 10; ++i) {
    const auto [low, high] = std::minmax_element(x.data() + i * 256, x.data() + (i + 1) * 256);
    EXPECT_EQ(features[0].values[i], std::max(0.0f, *high));
    EXPECT_EQ(features[0].values[10 + i], std::max(0.0f, -*low));
    EXPECT_FLOAT_EQ(features[0].values[20 + i], std::max(0.0f, 2 + 0.5f * *high));
  }
}

/// Mean loss of the samples of one class.
double class_loss(const Network& network, const std::vector<float>& params, const Dataset& probe, int label) {
  std::vector<std::int32_t> indices;
  for (std::int32_t i = 0; i < probe.size(); ++i)
    if (probe.labels()[static_cast<std::size_t>(i)] == label) indices.push_back(i);
  Stream stream;
  Evaluator evaluator(stream, network, 1);
  evaluator.load(stream, {params.data(), {1, network.layout().size()}});
  return metric(evaluator.all(stream, probe, indices)[0], "loss");
}

// -a dLoss/da is minus the derivative of the loss by a factor on the neuron, which its outgoing weights may carry.
TEST(PreferenceFeatures, AreWhatTheLossOfAClassLosesAsTheNeuronGrows) {
  const Network network = make({.name = "mlp", .hidden = "6"});
  std::vector<float> params = test::sensible_params(network, 1);
  for (float& p : params) p *= 0.3f;
  const Dataset probe = images();
  Stream stream;
  const auto features = preference_features(stream, network, params, probe, probe.size());
  const ParamSlot& out = network.layout()[network.layout().find("classifier.weight")];
  constexpr double h = 0.02;
  for (int j = 0; j < 6; ++j)
    for (int c = 0; c < 4; ++c) {
      const auto loss_at = [&](double factor) {
        std::vector<float> scaled = params;
        for (int o = 0; o < 4; ++o)
          scaled[static_cast<std::size_t>(out.offset + o * 6 + j)] *= static_cast<float>(factor);
        return class_loss(network, scaled, probe, c);
      };
      const double slope = (loss_at(1 + h) - loss_at(1 - h)) / (2 * h);
      EXPECT_NEAR(features[0].values[static_cast<std::size_t>(j * 4 + c)], -slope, 1e-3 * (1 + std::abs(slope)));
    }
}

TEST(Tape, KeepsValuesAndGradientsOfWatchedNodes) {
  const Network network = make({.name = "vgg9", .norm = "bn", .pan = {.kind = "mul"}});
  const auto params = test::sensible_params(network, 1);
  std::vector<int> all;
  for (int i = 1; i < static_cast<int>(network.nodes().size()); ++i) all.push_back(i);
  std::vector<std::vector<float>> seen;
  const auto run = [&](const std::vector<int>& watched) {
    Stream stream;
    Tape tape(stream, network, 1, 3, watched);
    const std::vector<int> counts{3};
    const std::vector<RngKey> keys{{1}};
    const Pass pass{.batch = {1, 3, counts}, .keys = keys};
    const View<const float> row{params.data(), {1, network.layout().size()}};
    const auto x = test::normal_values(3 * 256, 2);
    const View<const float> logits = tape.forward(stream, pass, row, {x.data(), {1, 3, 16, 16, 1}}).logits;
    std::vector<float> result(logits.data, logits.data + logits.size()), grads(params.size());
    const OutputGrads out = tape.output_grads(stream, pass);
    for (std::int64_t i = 0; i < out.logits.size(); ++i) out.logits.data[i] = static_cast<float>(i % 3);
    tape.backward(stream, pass, row, {grads.data(), row.shape});
    for (const int node : {5, 6})
      if (!watched.empty()) {
        seen.push_back(to_host(stream, tape.value(pass, node)));
        seen.push_back(to_host(stream, tape.gradient(pass, node)));
      }
    result.insert(result.end(), grads.begin(), grads.end());
    return result;
  };
  const std::vector<float> unwatched = run({});
  EXPECT_EQ(run(all), unwatched);
  EXPECT_EQ(run({5, 6}), unwatched);
  ASSERT_EQ(seen.size(), 8u);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(seen[i], seen[4 + i]) << i;
}

}  // namespace
}  // namespace fedscape
