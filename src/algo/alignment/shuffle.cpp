#include "fedscape/algo/alignment/shuffle.hpp"
#include "fedscape/base/at.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <memory>
#include <numeric>

namespace fedscape {

namespace {

std::vector<double> fractions(std::string_view option, const std::string& text) {
  std::vector<double> values;
  const char *next = text.data(), *const end = text.data() + text.size();
  while (true) {
    double value = -1;
    const auto [rest, error] = std::from_chars(next, end, value);
    FEDSCAPE_CHECK(error == std::errc() && value >= 0 && value <= 1 && (rest == end || *rest == ','),
                   "{} is '{}'; expected numbers in [0,1] with commas between", option, text.substr(0, 200));
    FEDSCAPE_CHECK(values.size() < 1000, "{}: more than 1000 of them", option);
    values.push_back(value);
    if (rest == end) return values;
    next = rest + 1;
  }
}

/// The models of one thread, evaluated against the logits of the one that was not shuffled.
class Probe {
 public:
  Probe(Stream& stream, const Network& network, const Dataset& data)
      : data_(data),
        plan_(stream, network, 1),
        x_(stream, data.shape().under(plan_.chunk())),
        y_(stream, {1, plan_.chunk()}) {}

  /// reference [N,C]: filled if it is empty, else compared with.
  ShuffleResult run(Stream& stream, std::span<const float> params, std::vector<float>& reference);

 private:
  const Dataset& data_;
  InferencePlan plan_;
  Tensor<float> x_;
  Tensor<std::int32_t> y_;
  std::vector<std::int32_t> order_;
};

ShuffleResult Probe::run(Stream& stream, std::span<const float> params, std::vector<float>& reference) {
  const bool fills = reference.empty();
  const ArenaScope scope(stream);
  const Tensor<float> row =
      to_device(stream, std::vector<float>(params.begin(), params.end()), {1, std::ssize(params)});
  plan_.load(stream, row);
  const Tensor<Metrics> total = to_device(stream, std::vector<Metrics>(1), {1});
  double squares = 0, changes = 0;
  for (std::int64_t begin = 0, next = 0; begin < data_.size(); begin += plan_.chunk()) {
    const std::int64_t n = std::min<std::int64_t>(plan_.chunk(), data_.size() - begin);
    order_.resize(at(n));
    std::iota(order_.begin(), order_.end(), static_cast<std::int32_t>(begin));
    const View<float> x(x_.data(), data_.shape().under(n));
    const View<std::int32_t> y(y_.data(), {n});
    data_.gather(stream, order_, {}, {}, x, y);
    const View<const float> logits = plan_.forward(stream, x.as(data_.shape().under(n).under(1))).logits;
    const int count = static_cast<int>(n);
    ops::add_scores(stream, {1, count, {&count, 1}}, logits, y.as({1, n}), total);
    const std::vector<float> host = to_host(stream, logits);
    if (fills) reference.insert(reference.end(), host.begin(), host.end());
    for (const float z : host) {
      const double was = reference[at(next++)];
      squares += was * was;
      changes += (z - was) * (z - was);
    }
  }
  const Metrics metrics = to_host(stream, total.view()).front();
  return {metric(metrics, "accuracy"), metric(metrics, "loss"), squares > 0 ? std::sqrt(changes / squares) : 0};
}

}  // namespace

std::vector<int> partial_shuffle(const Neurons& neurons, double ratio, double probability, Draws& draws) {
  std::vector<int> from(at(neurons.size()));
  partial_shuffle(neurons, ratio, probability, draws, from);
  return from;
}

void partial_shuffle(const Neurons& neurons, double ratio, double probability, Draws& draws, std::span<int> from) {
  std::iota(from.begin(), from.end(), 0);
  for (const Neurons::Group& group : neurons.groups()) {
    const auto J = std::ssize(group.neurons), reach = static_cast<std::int64_t>(ratio * static_cast<double>(J));
    for (std::int64_t i = 0; i < J; ++i) {
      const std::int64_t j = i + draws.below(std::min(J - 1, i + reach) - i + 1);
      if (draws.uniform() < probability) std::swap(from[at(group.neurons[at(i)])], from[at(group.neurons[at(j)])]);
    }
  }
}

void ShuffleTestOptions::options(Fields& f) {
  f.field("ratios", ratios, "how far neurons move: fractions of their layer");
  f.field("probabilities", probabilities, "how likely each neuron moves");
  f.field("repeats", repeats, "permutations for each ratio and probability");
}

void ShuffleTestOptions::check() const {
  ratio_values(), probability_values();
  FEDSCAPE_CHECK(repeats >= 1 && repeats <= 10000, "repeats is {}; it must be in 1..10000", repeats);
}

std::vector<double> ShuffleTestOptions::ratio_values() const { return fractions("ratios", ratios); }
std::vector<double> ShuffleTestOptions::probability_values() const { return fractions("probabilities", probabilities); }

std::vector<ShuffleResult> shuffle_test(Workers& workers, Communicator& comm, const Network& network,
                                        std::span<const float> params, const Dataset& data,
                                        const ShuffleTestOptions& options, std::uint64_t seed) {
  check_fits(network, data);
  const Neurons neurons(network);
  const std::vector<double> ratios = options.ratio_values(), probabilities = options.probability_values();
  const std::int64_t kinds = std::ssize(probabilities), total = std::ssize(ratios) * kinds * options.repeats;
  std::vector<std::unique_ptr<Probe>> probes(at(workers.size()));
  probes[0] = std::make_unique<Probe>(workers.stream(), network, data);
  std::vector<float> reference;
  const ShuffleResult unshuffled = probes[0]->run(workers.stream(), params, reference);

  const std::int64_t ranks = comm.size(), mine = (total - comm.rank() + ranks - 1) / ranks;
  std::vector<ShuffleResult> results(at(std::max<std::int64_t>(mine, 0)));
  workers.run(std::ssize(results), [&](Stream& stream, int worker, std::int64_t task) {
    std::unique_ptr<Probe>& probe = probes[at(worker)];
    if (!probe) probe = std::make_unique<Probe>(stream, network, data);
    const std::int64_t place = comm.rank() + task * ranks, point = place / options.repeats;
    Draws draws({.seed = seed,
                 .purpose = Purpose::neuron_shuffle,
                 .client = static_cast<std::uint32_t>(point),
                 .round = static_cast<std::uint32_t>(place % options.repeats)});
    std::vector<float> shuffled(params.size());
    neurons.permute(partial_shuffle(neurons, ratios[at(point / kinds)], probabilities[at(point % kinds)], draws),
                    params, shuffled);
    results[at(task)] = probe->run(stream, shuffled, reference);
  });

  std::vector<std::byte> bytes;
  comm.all_gather(std::as_bytes(std::span(results)), bytes);
  std::vector<ShuffleResult> all(at(total + 1));
  const std::byte* next = bytes.data();
  for (std::int64_t rank = 0; rank < ranks; ++rank)
    for (std::int64_t place = rank; place < total; place += ranks, next += sizeof(ShuffleResult))
      std::memcpy(&all[at(place)], next, sizeof(ShuffleResult));
  all.back() = unshuffled;
  return all;
}

}  // namespace fedscape
