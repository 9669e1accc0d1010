#include "fedscape/nn/layers.hpp"

#include <gtest/gtest.h>

#include "fedscape/nn/pan.hpp"
#include "tests/support/gradcheck.hpp"

namespace fedscape {
namespace {

using test::check_gradients;

/// Appends layers one behind the other, then a linear one with three outputs.
void chain(Network& network, std::vector<std::unique_ptr<Layer>> layers) {
  int at = 1;
  for (auto& layer : layers) at = network.add("layer" + std::to_string(at), std::move(layer), {at});
  network.add("head", linear(3), {at});
}

template <class... Layers>
std::function<void(Network&)> chain_of(Layers... make) {
  return [=](Network& network) {
    std::vector<std::unique_ptr<Layer>> layers;
    (layers.push_back(make()), ...);
    chain(network, std::move(layers));
  };
}

// Linear maps: differences of any step are exact up to rounding.
const test::GradientCheck kLinear{.step = 0.5f, .tolerance = 1e-5};
const test::GradientCheck kKinked{.step = 0.02f, .tolerance = 2e-3, .spread = true};
const test::GradientCheck kSmooth{.step = 0.03f, .tolerance = 1e-3};

TEST(LayerGradient, LinearWithAndWithoutBias) {
  check_gradients(
      {5}, [](Network& n) { n.add("head", linear(3), {1}); }, kLinear);
  check_gradients(
      {2, 3, 2}, [](Network& n) { n.add("head", linear(3, false), {1}); }, kLinear);
}

TEST(LayerGradient, ConvolutionOfManyForms) {
  ConvOptions strided = square(3, 3, 2, 1), dilated = square(2, 2), grouped = square(4, 3, 1, 1), oblong = square(2, 1);
  dilated.dilation_y = dilated.dilation_x = 2;
  grouped.groups = 2;
  grouped.bias = false;
  oblong.kernel_y = 3, oblong.stride_x = 2, oblong.pad_y = 1;
  for (const ConvOptions& options : {strided, dilated, grouped, oblong})
    check_gradients({5, 4, 2}, chain_of([=] { return conv(options); }), {.step = 0.25f, .tolerance = 2e-5});
}

TEST(LayerGradient, DepthwiseConvolution) {
  ConvOptions depthwise = square(3, 3, 1, 1);
  depthwise.groups = 3;
  check_gradients({4, 4, 3}, chain_of([=] { return conv(depthwise); }), {.step = 0.25f, .tolerance = 2e-5});
}

TEST(LayerGradient, Pooling) {
  PoolOptions ceil = square_pool(2, 2), padded = square_pool(3, 2, 1);
  ceil.ceil_mode = true;
  padded.count_padding = false;
  check_gradients({4, 4, 2}, chain_of([] { return max_pool(square_pool(2, 2)); }), kKinked);
  check_gradients({5, 5, 1}, chain_of([=] { return max_pool(ceil); }), kKinked);
  check_gradients({5, 5, 2}, chain_of([=] { return average_pool(padded); }), kLinear);
  check_gradients({5, 3, 2}, chain_of([] { return adaptive_average_pool(2, 2); }), kLinear);
}

TEST(LayerGradient, Activations) {
  check_gradients({6}, chain_of([] { return relu(); }), kKinked);
  check_gradients({6}, chain_of([] { return leaky_relu(0.1f); }), kKinked);
}

TEST(LayerGradient, EncodedPositions) {
  for (const char* kind : {"add", "mul"}) {
    const auto encoding = [=] { return position_encoding({.kind = kind, .amplitude = 0.5}); };
    check_gradients({6}, chain_of(encoding), kLinear);
    check_gradients({2, 3, 4}, chain_of([] { return batch_norm(); }, encoding), kSmooth);
  }
}

TEST(LayerGradient, NormsOfBatchesAndGroups) {
  check_gradients({3, 2, 2}, chain_of([] { return batch_norm(); }), kSmooth);
  check_gradients({4}, chain_of([] { return batch_norm(1e-3f, 0.1f, false); }), kSmooth);
  check_gradients({2, 3, 4}, chain_of([] { return group_norm(2); }), kSmooth);
}

TEST(LayerGradient, DropoutScalesWhatItKeeps) {
  check_gradients({40}, chain_of([] { return dropout(0.5f, 0); }), kLinear);
}

TEST(LayerGradient, ResidualSumsAndShortcuts) {
  const auto build = [](Network& n) {
    const int a = n.add("conv1", conv(square(4, 3, 2, 1)), {1});
    const int b = n.add("bn1", batch_norm(), {a});
    const int s = n.add("shortcut", shortcut_a(2, 4), {1});
    const int sum = n.add("add", add(), {b, s});
    const int again = n.add("conv2", conv(square(4, 1)), {sum});
    const int second = n.add("add2", add(), {again, sum});
    n.add("head", linear(2), {second});
  };
  check_gradients({4, 4, 2}, build, kSmooth);
}

TEST(LayerGradient, Concatenation) {
  const auto build = [](Network& n) {
    const int a = n.add("a", conv(square(2, 1)), {1});
    const int b = n.add("b", conv(square(3, 3, 1, 1)), {1});
    n.add("head", linear(2), {n.add("both", concatenate(), {a, 1, b})});
  };
  check_gradients({3, 3, 2}, build, {.step = 0.25f, .tolerance = 2e-5});
}

}  // namespace
}  // namespace fedscape
