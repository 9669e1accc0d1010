#include "fedscape/algo/alignment/alignment.hpp"

#include <algorithm>
#include <functional>
#include <numeric>
#include <optional>

#include "fedscape/algo/alignment/assignment.hpp"
#include "fedscape/algo/evaluate.hpp"
#include "fedscape/base/at.hpp"

namespace fedscape {

namespace {

constexpr int kBatch = 64;

/// The one node that reads node i, or -1.
int sole_consumer(const Network& network, int i) {
  int found = -1;
  for (int j = i + 1; j < static_cast<int>(network.nodes().size()); ++j)
    for (const int input : network.nodes()[at(j)].inputs) {
      if (input != i) continue;
      if (found >= 0) return -1;
      found = j;
    }
  return found;
}

int activation_of(const Network& network, int node) {
  while (true) {
    const int next = sole_consumer(network, node);
    if (next < 0 || network.nodes()[at(next)].layer->channels() != Channels::kept) return node;
    const std::string_view kind = network.nodes()[at(next)].layer->kind();
    if (kind.ends_with("pool") || kind == "flatten" || kind == "conv") return node;  // of other positions
    node = next;
    if (kind.ends_with("relu")) return node;
  }
}

/// Passes over the probe set in batches; visit(pass, labels, first sample) sees the watched activations of each.
class ProbePasses {
 public:
  ProbePasses(Stream& stream, const Network& network, const Dataset& probe, std::int64_t samples)
      : network_(network), probe_(probe), samples_(std::min(samples, probe.size())), layers_(hidden_layers(network)) {
    check_fits(network, probe);
    FEDSCAPE_CHECK(samples_ > 0, "a probe set of {} samples", samples_);
    std::vector<int> watched;
    for (const HiddenLayer& layer : layers_) watched.push_back(layer.activation);
    tape_.emplace(stream, network, 1, kBatch, watched);
  }

  using Visit = std::function<void(const Pass&, std::span<const std::int32_t> labels, std::int64_t first)>;
  void run(Stream& stream, std::span<const float> params, Mode mode, const Visit& visit);
  std::int64_t samples() const { return samples_; }
  const std::vector<HiddenLayer>& layers() const { return layers_; }
  const Tape& tape() const { return *tape_; }

 private:
  const Network& network_;
  const Dataset& probe_;
  std::int64_t samples_;
  std::vector<HiddenLayer> layers_;
  std::optional<Tape> tape_;
};

void ProbePasses::run(Stream& stream, std::span<const float> params, Mode mode, const Visit& visit) {
  const ArenaScope scope(stream);
  const std::int64_t P = network_.layout().size();
  FEDSCAPE_CHECK(std::ssize(params) == P, "{} parameters for a network of {}", params.size(), P);
  const Tensor<float> row = to_device(stream, std::vector<float>(params.begin(), params.end()), {1, P});
  const Tensor<float> grads(stream, {1, P}), loss(stream, {1}), x(stream, probe_.shape().under(kBatch).under(1));
  const Tensor<std::int32_t> y(stream, {1, kBatch});
  std::vector<std::int32_t> order(kBatch);
  for (std::int64_t first = 0; first < samples_; first += kBatch) {
    const int n = static_cast<int>(std::min<std::int64_t>(kBatch, samples_ - first));
    order.resize(at(n));
    std::iota(order.begin(), order.end(), static_cast<std::int32_t>(first));
    probe_.gather(stream, order, {}, {}, {x.data(), probe_.shape().under(n)}, {y.data(), {n}});
    const RngKey key{.seed = 0, .purpose = Purpose::dropout, .step = static_cast<std::uint32_t>(first / kBatch)};
    const Pass pass{{1, kBatch, {&n, 1}}, {&key, 1}, mode};
    const Outputs out = tape_->forward(stream, pass, row, x);
    if (mode == Mode::train) {
      ops::softmax_cross_entropy(stream, pass.batch, out.logits, y, loss, tape_->output_grads(stream, pass).logits);
      tape_->backward(stream, pass, row, grads);
    }
    visit(pass, probe_.labels().subspan(at(first), at(n)), first);
  }
}

}  // namespace

std::vector<HiddenLayer> hidden_layers(const Network& network) {
  std::vector<HiddenLayer> layers;
  for (int i = 1; i < static_cast<int>(network.nodes().size()); ++i) {
    const Network::Node& node = network.nodes()[at(i)];
    if (node.layer->kind() != "linear" && node.layer->kind() != "conv") continue;
    layers.push_back({node.name, i, activation_of(network, i), static_cast<int>(node.shape[node.shape.rank() - 1])});
  }
  if (!layers.empty()) layers.pop_back();  // the classifier
  return layers;
}

std::vector<NeuronFeatures> weight_features(const Network& network, std::span<const float> params) {
  const ParamLayout& layout = network.layout();
  FEDSCAPE_CHECK(std::ssize(params) == layout.size(), "{} parameters for a network of {}", params.size(),
                 layout.size());
  std::vector<NeuronFeatures> features;
  for (const HiddenLayer& layer : hidden_layers(network)) {
    const ParamSlot& weight = layout[layout.find(layer.name + ".weight")];
    const int bias = layout.find(layer.name + ".bias");
    const std::int64_t row = weight.size() / layer.neurons;
    NeuronFeatures made{layer.neurons, {}};
    for (int j = 0; j < layer.neurons; ++j) {
      const auto begin = params.begin() + weight.offset + j * row;
      made.values.insert(made.values.end(), begin, begin + row);
      if (bias >= 0) made.values.push_back(params[at(layout[bias].offset + j)]);
    }
    features.push_back(std::move(made));
  }
  return features;
}

std::vector<NeuronFeatures> activation_features(Stream& stream, const Network& network, std::span<const float> params,
                                                const Dataset& probe, std::int64_t samples) {
  ProbePasses passes(stream, network, probe, samples);
  std::vector<NeuronFeatures> features;
  for (const HiddenLayer& layer : passes.layers())
    features.push_back({layer.neurons, std::vector<float>(at(layer.neurons * passes.samples()))});
  passes.run(stream, params, Mode::evaluate,
             [&](const Pass& pass, std::span<const std::int32_t> labels, std::int64_t first) {
               for (std::size_t l = 0; l < features.size(); ++l) {
                 const std::vector<float> a = to_host(stream, passes.tape().value(pass, passes.layers()[l].activation));
                 const std::size_t J = at(features[l].neurons), sample = a.size() / kBatch;
                 for (std::size_t b = 0; b < labels.size(); ++b)
                   for (std::size_t i = 0; i < sample; ++i) {
                     float& most = features[l].values[i % J * at(passes.samples()) + at(first) + b];
                     const float value = a[b * sample + i];
                     most = i < J ? value : std::max(most, value);
                   }
               }
             });
  return features;
}

std::vector<NeuronFeatures> preference_features(Stream& stream, const Network& network, std::span<const float> params,
                                                const Dataset& probe, std::int64_t samples) {
  ProbePasses passes(stream, network, probe, samples);
  const std::size_t C = at(probe.classes());
  std::vector<std::vector<double>> sums;
  for (const HiddenLayer& layer : passes.layers()) sums.emplace_back(at(layer.neurons) * C);
  std::vector<double> counts(C);
  const auto add = [&](const Pass& pass, std::span<const std::int32_t> labels, std::int64_t) {
    const double n = static_cast<double>(labels.size());  // gradients are those of the mean over the batch
    for (const std::int32_t label : labels) ++counts[at(label)];
    for (std::size_t l = 0; l < sums.size(); ++l) {
      const int node = passes.layers()[l].activation;
      const std::vector<float> a = to_host(stream, passes.tape().value(pass, node));
      const std::vector<float> da = to_host(stream, passes.tape().gradient(pass, node));
      const std::size_t J = at(passes.layers()[l].neurons), sample = a.size() / kBatch;
      for (std::size_t b = 0; b < labels.size(); ++b)
        for (std::size_t i = 0; i < sample; ++i)
          sums[l][i % J * C + at(labels[b])] -= n * a[b * sample + i] * da[b * sample + i];
    }
  };
  passes.run(stream, params, Mode::train, add);
  std::vector<NeuronFeatures> features;
  for (std::size_t l = 0; l < sums.size(); ++l) {
    NeuronFeatures made{passes.layers()[l].neurons, std::vector<float>(sums[l].size())};
    for (std::size_t i = 0; i < sums[l].size(); ++i)
      made.values[i] = static_cast<float>(counts[i % C] > 0 ? sums[l][i] / counts[i % C] : 0);
    features.push_back(std::move(made));
  }
  return features;
}

double share_in_place(const NeuronFeatures& a, const NeuronFeatures& b) {
  FEDSCAPE_CHECK(a.neurons > 0 && a.neurons == b.neurons && a.values.size() == b.values.size(),
                 "{} neurons told by {} numbers against {} by {}", a.neurons, a.values.size(), b.neurons,
                 b.values.size());
  const std::size_t J = at(a.neurons), size = a.values.size() / J;
  std::vector<double> cost(J * J);
  for (std::size_t i = 0; i < J; ++i)
    for (std::size_t j = 0; j < J; ++j) {
      double distance = 0;
#pragma omp simd reduction(+ : distance)
      for (std::size_t k = 0; k < size; ++k) {
        const double d = double(a.values[i * size + k]) - double(b.values[j * size + k]);
        distance += d * d;
      }
      cost[i * J + j] = distance;
    }
  const std::vector<int> assigned = cheapest_assignment(cost, a.neurons);
  int in_place = 0;
  for (int i = 0; i < a.neurons; ++i) in_place += assigned[at(i)] == i;
  return static_cast<double>(in_place) / a.neurons;
}

}  // namespace fedscape
