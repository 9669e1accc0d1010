#include "tests/support/gradcheck.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "fedscape/base/rng.hpp"

namespace fedscape::test {

std::vector<float> normal_values(std::int64_t count, std::uint64_t seed) {
  std::vector<float> values(static_cast<std::size_t>(count));
  fill_normal({seed, Purpose::test}, 0, 1, values);
  return values;
}

std::vector<float> spread_values(std::int64_t count, float gap, std::uint64_t seed) {
  std::vector<float> values(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = gap * (static_cast<float>(i) - static_cast<float>(count / 2) + 0.5f);
  Draws({seed, Purpose::test}).shuffle(std::span(values));
  return values;
}

std::vector<float> sensible_params(const Network& network, int models) {
  const std::int64_t size = network.layout().size();
  std::vector<float> params = normal_values(models * size, 1);
  for (float& p : params) p *= 0.3f;
  for (const ParamSlot& s : network.layout().slots())
    if (s.name.ends_with("running_var") || s.role == ParamRole::norm)
      for (int m = 0; m < models; ++m)
        for (std::int64_t i = 0; i < s.size(); ++i) {
          float& p = params[static_cast<std::size_t>(m * size + s.offset + i)];
          p = 0.7f + std::abs(p);
        }
  return params;
}

namespace {

constexpr int kModels = 2, kBatch = 3;

/// A layer whose parameters are the network's input: y = x + p, so that the input's gradient is a parameter gradient.
class Offset final : public Layer {
 public:
  Shape build(ParamLayout& layout, const std::string& name, std::span<const Shape> inputs) override {
    const std::int64_t size = inputs[0].size() * kBatch;
    const Shape shape{size};
    const int index = layout.add(
        {.name = name + ".x", .shape = shape, .torch_shape = shape, .split = shape, .torch_permutation = {0}});
    offset_ = layout[index].offset;
    return inputs[0];
  }
  bool needs_input() const override { return false; }
  void forward(Stream&, const Pass& pass, View<const float> params, Inputs x, View<float> y,
               View<float>) const override {
    const std::int64_t size = y.shape.inner().size(), x_step = x[0].shape[0] == 1 ? 0 : size;
    for (int m = 0; m < pass.batch.models; ++m)
      for (std::int64_t i = 0; i < size; ++i)
        y.data[m * size + i] = x[0].data[m * x_step + i] + slot(params, offset_).row(m)[i];
  }
  void backward(Stream&, const Pass& pass, View<const float>, Inputs, View<const float>, View<const float>,
                View<const float> dy, InputGrads, View<float> grads) const override {
    const std::int64_t size = dy.shape.inner().size(), sample = size / kBatch;
    for (int m = 0; m < pass.batch.models; ++m)
      for (std::int64_t i = 0; i < size; ++i)
        slot(grads, offset_).row(m)[i] = i < pass.batch.count(m) * sample ? dy.data[m * size + i] : 0.0f;
  }
  std::string_view kind() const override { return "offset"; }

 private:
  std::int64_t offset_ = 0;
};

struct Check {
  Stream stream;
  Network network;
  std::vector<int> counts{3, 2};
  std::vector<RngKey> keys{{1, Purpose::test, 1}, {1, Purpose::test, 2}};
  Mode mode;
  std::unique_ptr<Tape> tape;
  std::vector<float> params, grads, weights, input;

  Pass pass() const { return {.batch = {kModels, kBatch, counts}, .keys = keys, .mode = mode}; }
  View<const float> rows() const { return {params.data(), {kModels, network.layout().size()}}; }

  Outputs forward() {
    const View<const float> x{input.data(), network.sample().under(kBatch).under(1)};
    return tape->forward(stream, pass(), rows(), x);
  }
  /// Sum over the real outputs of weight * output, one per model.
  std::vector<double> losses() {
    const View<const float> y = forward().logits;
    const std::int64_t classes = y.shape[2];
    std::vector<double> sums(kModels);
    for (int m = 0; m < kModels; ++m)
      for (std::int64_t i = 0; i < counts[static_cast<std::size_t>(m)] * classes; ++i)
        sums[static_cast<std::size_t>(m)] +=
            double(y.data[m * kBatch * classes + i]) * weights[static_cast<std::size_t>(i)];
    return sums;
  }
  void backward() {
    forward();
    const OutputGrads out = tape->output_grads(stream, pass());
    const std::int64_t size = out.logits.shape.inner().size();
    for (int m = 0; m < kModels; ++m) std::copy_n(weights.begin(), size, out.logits.data + m * size);
    tape->backward(stream, pass(), rows(), {grads.data(), {kModels, network.layout().size()}});
  }
};

}  // namespace

void check_gradients(const Shape& sample, const std::function<void(Network&)>& build, const GradientCheck& check) {
  Check c{.stream = Stream(), .network = Network(sample), .mode = check.mode};
  c.network.add("input", std::make_unique<Offset>(), {0});
  build(c.network);
  c.network.finish();
  const std::int64_t params = c.network.layout().size();
  c.tape = std::make_unique<Tape>(c.stream, c.network, kModels, kBatch);
  c.params = normal_values(kModels * params, 3);
  for (const ParamSlot& s : c.network.layout().slots())  // variances are positive
    if (s.name.ends_with("running_var"))
      for (int m = 0; m < kModels; ++m)
        for (std::int64_t i = 0; i < s.size(); ++i) {
          float& v = c.params[static_cast<std::size_t>(m * params + s.offset + i)];
          v = 0.5f + std::abs(v);
        }
  const std::int64_t inputs = sample.size() * kBatch;
  c.input.assign(static_cast<std::size_t>(inputs), 0.0f);
  for (int m = 0; m < kModels; ++m) {  // slot 0 is the input
    const auto x = check.spread ? spread_values(inputs, 5 * check.step, 5 + static_cast<std::uint64_t>(m))
                                : normal_values(inputs, 5 + static_cast<std::uint64_t>(m));
    std::copy(x.begin(), x.end(), c.params.begin() + m * params);
  }
  c.weights = normal_values(kBatch * c.network.classes(), 9);
  c.grads.assign(c.params.size(), NAN);
  c.backward();
  const auto is_large = [](float a, float b) { return std::abs(a) < std::abs(b); };
  const double scale = std::max(1.0f, std::abs(*std::max_element(c.grads.begin(), c.grads.end(), is_large)));
  for (const ParamSlot& s : c.network.layout().slots()) {
    if (s.role == ParamRole::statistic) continue;
    for (std::int64_t i = s.offset; i < s.offset + s.size(); ++i) {
      const auto at = [&](float shift) {
        for (int m = 0; m < kModels; ++m) c.params[static_cast<std::size_t>(m * params + i)] += shift;
        return c.losses();
      };
      const float h = check.step;
      const auto p1 = at(h), p2 = at(h), m1 = at(-3 * h), m2 = at(-h);
      at(2 * h);
      for (std::size_t m = 0; m < kModels; ++m) {
        const double difference = (8 * (p1[m] - m1[m]) - (p2[m] - m2[m])) / (12.0 * h);
        EXPECT_NEAR(c.grads[m * static_cast<std::size_t>(params) + static_cast<std::size_t>(i)], difference,
                    check.tolerance * scale)
            << s.name << " element " << i - s.offset << " of model " << m;
      }
    }
  }
  for (const float g : c.grads) ASSERT_TRUE(std::isfinite(g)) << "a gradient was not written";
}

}  // namespace fedscape::test
