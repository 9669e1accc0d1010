#include "fedscape/algo/federated/mrtf.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "fedscape/algo/distill/soft_labels.hpp"
#include "fedscape/algo/exact_sum.hpp"
#include "fedscape/algo/federated/teachers.hpp"
#include "fedscape/base/at.hpp"
#include "fedscape/base/suggest.hpp"
#include "fedscape/ops/reduce.hpp"
#include "src/algo/federated/gaussian_noise.hpp"

namespace fedscape {

namespace {

constexpr std::int64_t kLosses = 5;
/// Largest H / temperature: beyond it the least sure teacher's weight would sink in the grain of an exact sum.
constexpr double kLargestExponent = 12;

/// What sets a mode apart.
struct Way {
  std::string_view name;
  bool logits, entropy, refine_each, refine_mean;
};
constexpr std::array kWays = {
    Way{"AvgLogi", true, false, false, false}, Way{"AvgProb", false, false, false, false},
    Way{"WeiLogi", true, true, false, false},  Way{"WeiProb", false, true, false, false},
    Way{"AvgRef", false, false, true, false},  Way{"GloRef", false, false, false, true},
    Way{"ALL", false, true, false, true},
};

const Way& way_of(std::string_view name) {
  std::vector<std::string_view> names;
  for (const Way& way : kWays) {
    if (way.name == name) return way;
    names.push_back(way.name);
  }
  fail(fmt::format("mode of MrTF is '{}'{}", name, suggestion(name, names)));
}

/// The server's memory: P [N,C], the last losses, the first of them the oldest, and how many there are.
struct Past {
  std::vector<float> labels, losses;

  static Past read(const ServerStep& step) {
    std::vector<float> memory = to_host(step.stream, step.memory);
    const auto count = at(std::llround(memory.back()));
    const auto losses = memory.end() - 1 - kLosses;
    Past past{{}, {losses, losses + std::ssize(std::span(memory).first(count))}};
    memory.resize(memory.size() - 1 - at(kLosses));
    past.labels = std::move(memory);
    return past;
  }
  void add_loss(double loss) {
    losses.push_back(static_cast<float>(loss));
    if (std::ssize(losses) > kLosses) losses.erase(losses.begin());
  }
  void write(const ServerStep& step) const {
    std::vector<float> memory = labels;
    memory.insert(memory.end(), losses.begin(), losses.end());
    memory.resize(labels.size() + at(kLosses), 0.0f);
    memory.push_back(static_cast<float>(losses.size()));
    copy_to_device(step.stream, step.memory.data, memory.data(), memory.size() * sizeof(float));
  }
};

}  // namespace

double weight_of_global(std::span<const float> losses, int classes) {
  if (losses.empty()) return 0;
  const double mean = std::accumulate(losses.begin(), losses.end(), 0.0) / static_cast<double>(losses.size());
  const double most = std::log(static_cast<double>(classes));
  return 0.75 * (1 - std::clamp(mean, 0.0, most) / most);
}

void MrTf::options(Fields& f) {
  f.field("mode", mode, "MrTF: AvgLogi, AvgProb, WeiLogi, WeiProb, AvgRef, GloRef or ALL");
  f.field("add_glo", add_glo, "MrTF: the model sent out and the new mean are teachers, too");
  f.field("glo_w", glo_w, "MrTF: their weight grows as training converges; otherwise that of any teacher");
  f.field("dp_sigma", dp_sigma, "MrTF: deviation of Gaussian noise on every number that a client sends");
  f.field("temperature", temperature, "MrTF: of the entropy weights; the lower, the more a sure teacher counts");
  f.field("deviation_batch", deviation_batch, "MrTF: server samples per deviation of logits; 0: all");
  refinement.options(f);
}

void MrTf::check(const OptimizerOptions&) const {
  way_of(mode);
  FEDSCAPE_CHECK(dp_sigma >= 0 && std::isfinite(dp_sigma), "dp_sigma of MrTF is {}; it must be 0 or more", dp_sigma);
  FEDSCAPE_CHECK(temperature > 0, "temperature of MrTF is {}; it must be above 0", temperature);
  FEDSCAPE_CHECK(deviation_batch >= 0, "deviation_batch of MrTF is {}; it must be 0 or more", deviation_batch);
  refinement.check("MrTF");
}

FederatedAlgorithm::Footprint MrTf::footprint(const Problem& problem) const {
  const double C = problem.classes;
  FEDSCAPE_CHECK(problem.classes >= 2, "MrTF needs 2 classes or more, not {}", problem.classes);
  FEDSCAPE_CHECK(std::log(C) / C / temperature <= kLargestExponent,
                 "temperature of MrTF is {}; with {} classes it must be at least {:.2g}", temperature, problem.classes,
                 std::log(C) / C / kLargestExponent);
  return {.server = problem.server_samples * problem.classes + kLosses + 1,
          .upload = problem.layout.size(),
          .uploads = true,
          .server_data = true};
}

std::vector<Figure> MrTf::figures() const {
  std::vector<Figure> figures = refinement_figures();
  figures.push_back({"global_weight", "1"});
  return figures;
}

void MrTf::upload(const LocalResult& result, View<float> upload) const {
  FederatedAlgorithm::upload(result, upload);
  if (dp_sigma == 0) return;
  for (std::int64_t m = 0; m < upload.shape[0]; ++m) {
    const View<float> row = upload.rows(m, m + 1);
    add_gaussian_noise(result.stream, result.keys[at(m)], static_cast<float>(dp_sigma), {&row, 1});
  }
}

std::vector<float> MrTf::teach(const ServerStep& step, View<const float> received, double w_g,
                               std::span<const float> features) const {
  const Way& by = way_of(mode);
  const std::int64_t C = step.network.classes();
  Teachers teachers{.received = received, .features = by.refine_each};
  if (add_glo) {
    teachers.common = {received, step.global};
    teachers.common_weight = glo_w ? w_g : 2 / static_cast<double>(teachers.count(step));
  }
  Lesson lesson = sum_over_teachers(step, teachers, [&](Predictions& seen, Lesson& own) {
    rectify(seen.logits, C, deviation_batch);
    own.labels = seen.logits;
    softmax_rows(own.labels, C);
    if (by.entropy) {
      own.factors.resize(own.labels.size() / at(C));
      entropy_of_rows(own.labels, C, own.factors);
      for (float& H : own.factors) H = std::exp(-H / static_cast<float>(temperature * double(C)));
    }
    if (by.refine_each) refine_labels(own.labels, C, seen.features);
    if (by.logits) centre_rows(seen.logits, C), own.labels.swap(seen.logits);
    for (std::size_t i = 0; i < own.labels.size() && by.entropy; ++i) own.labels[i] *= own.factors[i / at(C)];
  });
  const auto T = static_cast<float>(teachers.count(step));
  for (std::size_t i = 0; i < lesson.labels.size() && by.entropy; ++i)
    lesson.labels[i] /= T * lesson.factors[i / at(C)];
  if (by.logits) softmax_rows(lesson.labels, C);
  if (by.refine_mean) refine_labels(lesson.labels, C, features);
  return lesson.labels;
}

void MrTf::server_update(const ServerStep& step) const {
  const Tensor<float> received(step.stream, step.global.shape);
  ops::axpby(step.stream, 1, step.global, 0, received);
  move_global(step, 1);
  if (!refinement.due(step)) return;

  Past past = Past::read(step);
  const double w_g = weight_of_global(past.losses, step.network.classes());
  const Predictions mean = predict_global(step, way_of(mode).refine_mean);
  const std::vector<float> taught = teach(step, received, w_g, mean.features);
  if (past.losses.empty())
    past.labels = taught;
  else
    std::transform(taught.begin(), taught.end(), past.labels.begin(), past.labels.begin(), [w_g](float q, float p) {
      return static_cast<float>((1 - w_g) * static_cast<double>(q) + w_g * static_cast<double>(p));
    });
  past.add_loss(step.train_loss);
  past.write(step);

  std::vector<float> labels = past.labels;
  sharpen_rows(labels, step.network.classes(), 1);
  refine_global(step, refinement, labels, taught, mean.logits);
  step.figures[3].value = w_g;
}

}  // namespace fedscape
