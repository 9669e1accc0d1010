#include "fedscape/algo/evaluate.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <memory>
#include <numeric>

#include "fedscape/base/suggest.hpp"
#include "fedscape/device/profile.hpp"

namespace fedscape {

namespace {

constexpr std::array<std::string_view, 6> kMetricNames = {"loss",    "accuracy", "top5",
                                                          "squared", "margin",   "confidence"};

/// Samples that a plan takes at once: so few that what layers make of them stays in the cache, more where that is
/// little. A function of the network alone, as sums are taken chunk by chunk.
int plan_chunk(const Network& network) {
  constexpr int kFew = 16, kMany = 96;
  constexpr std::int64_t kLittle = 1 << 17;  // floats
  std::int64_t largest = 0;
  for (const Network::Node& node : network.nodes()) largest = std::max(largest, node.shape.size());
  return largest <= kLittle / kMany ? kMany : kFew;
}

std::int64_t chunks_of(std::int64_t samples) { return (samples + kMetricChunk - 1) / kMetricChunk; }

/// Samples begin..end-1 of `indices`, or of the whole data set where that is empty.
void take(const Dataset& data, std::span<const std::int32_t> indices, std::int64_t begin, std::int64_t end,
          std::vector<std::int32_t>& order) {
  const std::size_t first = static_cast<std::size_t>(begin), count = static_cast<std::size_t>(end - begin);
  order.resize(count);
  if (indices.empty())
    std::iota(order.begin(), order.end(), static_cast<std::int32_t>(begin));
  else
    std::copy_n(indices.begin() + static_cast<std::ptrdiff_t>(first), count, order.begin());
  FEDSCAPE_CHECK(end <= data.size() || !indices.empty(), "samples {}..{} of the {} in {}", begin, end, data.size(),
                 data.source());
}

std::int64_t samples_of(const Dataset& data, std::span<const std::int32_t> indices) {
  return indices.empty() ? data.size() : static_cast<std::int64_t>(indices.size());
}

}  // namespace

void check_fits(const Network& network, const Dataset& data) {
  FEDSCAPE_CHECK(network.sample() == data.shape() && network.classes() == data.classes(),
                 "a network for samples {} of {} classes, but {} holds samples {} of {} classes",
                 network.sample().text(), network.classes(), data.source(), data.shape().text(), data.classes());
}

Metrics& operator+=(Metrics& sum, const Metrics& term) {
  sum.loss += term.loss;
  sum.squared += term.squared;
  sum.margin += term.margin;
  sum.confidence += term.confidence;
  sum.correct += term.correct;
  sum.correct5 += term.correct5;
  sum.count += term.count;
  return sum;
}

std::span<const std::string_view> metric_names() { return kMetricNames; }

double metric(const Metrics& metrics, std::string_view name) {
  FEDSCAPE_CHECK(std::find(kMetricNames.begin(), kMetricNames.end(), name) != kMetricNames.end(), "no metric '{}'{}",
                 name, suggestion(name, kMetricNames));
  if (metrics.count == 0) return std::numeric_limits<double>::quiet_NaN();
  const double n = static_cast<double>(metrics.count);
  if (name == "accuracy") return 100.0 * static_cast<double>(metrics.correct) / n;
  if (name == "top5") return 100.0 * static_cast<double>(metrics.correct5) / n;
  if (name == "squared") return metrics.squared / n;
  if (name == "margin") return metrics.margin / n;
  if (name == "confidence") return metrics.confidence / n;
  return metrics.loss / n;
}

Evaluator::Evaluator(Stream& stream, const Network& network, int models, Precision precision)
    : plan_(stream, network, models, plan_chunk(network), precision),
      x_(stream, network.sample().under(plan_.chunk()).under(1)),
      y_(stream, {1, plan_.chunk()}),
      predicted_(stream, {1, plan_.chunk()}),
      taken_for_(static_cast<std::size_t>(plan_.chunk())),
      counts_(stream, models),
      scores_(stream, {models}),
      models_(models) {
  order_.reserve(static_cast<std::size_t>(plan_.chunk()));
}

void Evaluator::load(Stream& stream, View<const float> params) {
  loaded_ = static_cast<int>(params.shape[0]);
  FEDSCAPE_CHECK(loaded_ >= 1 && loaded_ <= models_, "{} models in an evaluator of {}", loaded_, models_);
  plan_.load(stream, params);
}

void Evaluator::chunk(Stream& stream, const Dataset& data, std::span<const std::int32_t> indices, std::int64_t c,
                      std::span<Metrics> sums) {
  run_chunk(stream, data, indices, c, sums, nullptr);
}

void Evaluator::run_chunk(Stream& stream, const Dataset& data, std::span<const std::int32_t> indices, std::int64_t c,
                          std::span<Metrics> sums, ClassCounts* classes) {
  const std::size_t models = static_cast<std::size_t>(loaded_);
  FEDSCAPE_CHECK(sums.size() == models && models > 0, "{} sums for {} models", sums.size(), models);
  FEDSCAPE_CHECK(data.shape() == x_.shape().inner(2), "samples {} in {}; the network takes {}", data.shape().text(),
                 data.source(), x_.shape().inner(2).text());
  const View<Metrics> scores = scores_.view().rows(0, loaded_);
  const std::int64_t end = std::min((c + 1) * kMetricChunk, samples_of(data, indices));
  std::fill(sums.begin(), sums.end(), Metrics{});
  stage_to_device(stream, scores.data, sums.data(), sums.size_bytes());
  for (std::int64_t begin = c * kMetricChunk; begin < end; begin += plan_.chunk()) {
    take(data, indices, begin, std::min(begin + plan_.chunk(), end), order_);
    const std::int64_t n = static_cast<std::int64_t>(order_.size());
    const View<float> x(x_.data(), data.shape().under(n));
    const View<std::int32_t> y(y_.data(), {n});
    data.gather(stream, order_, {}, {}, x, y);
    const Outputs out = plan_.forward(stream, x.as(data.shape().under(n).under(1)));
    const int size = static_cast<int>(n);
    const Batch batch{loaded_, size, counts_.of(stream, loaded_, size)};
    const ProfileScope scope(stream, Phase::loss, "", {0, sizeof(float) * static_cast<double>(out.logits.size())});
    ops::add_scores(stream, batch, out.logits, y.as({1, n}), scores);
    if (classes != nullptr) count_classes(stream, data, batch, out.logits, *classes);
  }
  copy_to_host(stream, sums.data(), scores.data, sums.size_bytes());
}

void Evaluator::count_classes(Stream& stream, const Dataset& data, const Batch& batch, View<const float> logits,
                              ClassCounts& classes) {
  const std::size_t n = order_.size();
  ops::predict(stream, batch, logits, {predicted_.data(), {1, batch.size}});
  copy_to_host(stream, taken_for_.data(), predicted_.data(), n * sizeof(std::int32_t));
  for (std::size_t i = 0; i < n; ++i) classes.add(data.labels()[static_cast<std::size_t>(order_[i])], taken_for_[i]);
}

std::vector<Metrics> Evaluator::all(Stream& stream, const Dataset& data, std::span<const std::int32_t> indices) {
  std::vector<Metrics> sums(static_cast<std::size_t>(loaded_)), terms(sums.size());
  for (std::int64_t c = 0; c < chunks_of(samples_of(data, indices)); ++c) {
    chunk(stream, data, indices, c, terms);
    for (std::size_t m = 0; m < sums.size(); ++m) sums[m] += terms[m];
  }
  return sums;
}

Metrics Evaluator::all(Stream& stream, const Dataset& data, std::span<const std::int32_t> indices,
                       ClassCounts& classes) {
  FEDSCAPE_CHECK(loaded_ == 1 && std::ssize(classes.right) == data.classes(),
                 "classes of {} models; counts of {} classes for the {} in {}", loaded_, classes.right.size(),
                 data.classes(), data.source());
  Metrics sum;
  for (std::int64_t c = 0; c < chunks_of(samples_of(data, indices)); ++c) {
    Metrics term;
    run_chunk(stream, data, indices, c, {&term, 1}, &classes);
    sum += term;
  }
  return sum;
}

Metrics evaluate_sharded(Workers& workers, Communicator& comm, const Network& network, View<const float> params,
                         const Dataset& data, Precision precision) {
  check_fits(network, data);
  const std::int64_t chunks = chunks_of(data.size()), ranks = comm.size();
  const std::int64_t mine = (chunks - comm.rank() + ranks - 1) / ranks;  // chunks rank, rank + ranks, ...
  std::vector<std::unique_ptr<Evaluator>> evaluators(static_cast<std::size_t>(workers.size()));
  std::vector<Metrics> sums(static_cast<std::size_t>(std::max<std::int64_t>(mine, 0)));
  workers.run(static_cast<std::int64_t>(sums.size()), [&](Stream& stream, int worker, std::int64_t task) {
    std::unique_ptr<Evaluator>& evaluator = evaluators[static_cast<std::size_t>(worker)];
    if (!evaluator) {
      evaluator = std::make_unique<Evaluator>(stream, network, 1, precision);
      evaluator->load(stream, params.as({1, network.layout().size()}));
    }
    evaluator->chunk(stream, data, {}, comm.rank() + task * ranks,
                     std::span(sums).subspan(static_cast<std::size_t>(task), 1));
  });

  std::vector<std::byte> bytes;
  comm.all_gather(std::as_bytes(std::span(sums)), bytes);
  std::vector<Metrics> by_chunk(static_cast<std::size_t>(chunks));
  const std::byte* next = bytes.data();
  for (std::int64_t rank = 0; rank < ranks; ++rank)
    for (std::int64_t c = rank; c < chunks; c += ranks, next += sizeof(Metrics))
      std::memcpy(&by_chunk[static_cast<std::size_t>(c)], next, sizeof(Metrics));
  Metrics total;
  for (const Metrics& term : by_chunk) total += term;
  return total;
}

Recalibrator::Recalibrator(Stream& stream, const Network& network, int models, int batch)
    : network_(&network), batch_(batch) {
  FEDSCAPE_CHECK(models >= 1 && batch >= 2, "batch-norm statistics of {} models from batches of {}", models, batch);
  if (!network.has_statistics()) return;
  tape_.emplace(stream, network, models, batch);
  x_ = Tensor<float>(stream, network.sample().under(batch));
  y_ = Tensor<std::int32_t>(stream, {batch});
  const std::size_t m = static_cast<std::size_t>(models);
  counts_ = EvenCounts(stream, models);
  momentum_.resize(m), keys_.resize(m);
}

std::int64_t Recalibrator::floats() const { return tape_ ? tape_->floats() : 0; }

void Recalibrator::run(Stream& stream, const Dataset& data, std::span<const std::int32_t> indices, View<float> params,
                       const std::function<void()>& between) {
  if (!tape_) return;
  check_fits(*network_, data);
  const std::size_t models = static_cast<std::size_t>(params.shape[0]);
  FEDSCAPE_CHECK(models <= keys_.size(), "{} models in a recalibrator of {}", models, keys_.size());
  const std::int64_t total = samples_of(data, indices);
  for (std::int64_t begin = 0; begin < total; begin += batch_) {
    const std::int64_t n = std::min<std::int64_t>(batch_, total - begin);
    if (n == 1 && begin > 0) break;
    const ArenaScope scope(stream);
    take(data, indices, begin, begin + n, order_);
    data.gather(stream, order_, {}, {}, {x_.data(), data.shape().under(n)}, {y_.data(), {n}});
    std::fill(momentum_.begin(), momentum_.end(), static_cast<float>(n) / static_cast<float>(begin + n));
    for (std::size_t m = 0; m < models; ++m)
      keys_[m] = {0, Purpose::dropout, 0, 0, static_cast<std::uint32_t>(begin / batch_)};
    const int stack = static_cast<int>(models), size = static_cast<int>(n);
    const Pass pass{{stack, size, counts_.of(stream, stack, size)}, std::span(keys_).first(models), Mode::train};
    tape_->forward(stream, pass, params, View<const float>(x_.data(), data.shape().under(n).under(1)));
    tape_->update_statistics(stream, pass, params, std::span(momentum_).first(models));
    if (between) between();
  }
}

}  // namespace fedscape
