#include "fedscape/nn/sgd.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "fedscape/base/suggest.hpp"
#include "fedscape/device/profile.hpp"
#include "fedscape/ops/reduce.hpp"
#include "src/nn/text.hpp"

namespace fedscape {

namespace {

constexpr std::array<std::string_view, 3> kOptimizers = {"sgd", "adam", "adamw"};
constexpr std::array<std::string_view, 3> kSchedules = {"constant", "step", "cosine"};

/// Largest finite numbers stay finite when they are used as floats.
void check_rate(std::string_view option, double value, double low, double high) {
  FEDSCAPE_CHECK(value >= low && value <= high, "{} is {}; it must be in [{},{}]", option, value, low, high);
}

void check_fraction(std::string_view option, double value) {
  FEDSCAPE_CHECK(value >= 0 && value < 1, "{} is {}; it must be in [0,1)", option, value);
}

/// Number of milestones that lie at or before t; the list is checked on the way.
int milestones_until(std::string_view list, double t) {
  const std::string_view all = list;
  int passed = 0;
  double last = 0;
  while (!list.empty()) {
    const std::string_view piece = nn::next_piece(list, ',');
    const std::optional<double> milestone = nn::to_number(piece);
    FEDSCAPE_CHECK(milestone && *milestone > last,
                   "milestones are '{}'; expected increasing numbers above 0 with commas between, not '{}'", all,
                   piece);
    last = *milestone;
    passed += last <= t;
  }
  return passed;
}

std::int64_t moments_of(const OptimizerOptions& options) {
  if (options.optimizer != "sgd") return 2;
  return options.momentum > 0 ? 1 : 0;
}

/// Gradients outside of `runs`, which are in order, become 0.
void clear_others(Stream& stream, std::span<const ParamRun> runs, int active, View<float> grads) {
  const std::int64_t P = grads.shape[1];
  for (std::int64_t m = 0; m < active; ++m) {
    std::int64_t next = 0;
    const auto clear_until = [&](std::int64_t end) {
      if (end > next) ops::fill(stream, 0.0f, View<float>(grads.data + m * P + next, {end - next}));
    };
    for (const ParamRun& run : runs) clear_until(run.first), next = run.second;
    clear_until(P);
  }
}

}  // namespace

void OptimizerOptions::options(Fields& f) {
  f.field("optimizer", optimizer, "sgd, adam or adamw");
  f.field("lr", lr, "learning rate");
  f.field("momentum", momentum, "sgd: momentum, in [0,1)");
  f.field("nesterov", nesterov, "sgd: Nesterov's momentum");
  f.field("weight_decay", weight_decay, "weight decay, of all trained parameters");
  f.field("beta1", beta1, "adam: decay of the first moment");
  f.field("beta2", beta2, "adam: decay of the second moment");
  f.field("eps", eps, "adam: added to the root of the second moment");
  f.field("clip", clip, "largest norm of a model's gradient; 0: no clipping");
  f.field("schedule", schedule, "learning rate over rounds (or epochs): constant, step or cosine");
  f.field("milestones", milestones, "step: rounds (or epochs) after which the rate falls, e.g. 100,150");
  f.field("gamma", gamma, "step: factor at each milestone");
  f.field("warmup", warmup, "rounds (or epochs) of linear warm-up");
}

void OptimizerOptions::check() const {
  constexpr double kLargest = 1e30;
  check_choice("optimizer", optimizer, kOptimizers);
  check_choice("schedule", schedule, kSchedules);
  check_rate("lr", lr, 0, kLargest);
  check_rate("weight_decay", weight_decay, 0, kLargest);
  check_rate("eps", eps, 0, kLargest);
  check_rate("clip", clip, 0, kLargest);
  check_rate("gamma", gamma, 0, kLargest);
  check_rate("warmup", warmup, 0, kLargest);
  check_fraction("momentum", momentum);
  check_fraction("beta1", beta1);
  check_fraction("beta2", beta2);
  FEDSCAPE_CHECK(!nesterov || momentum > 0, "nesterov needs a momentum above 0");
  milestones_until(milestones, 0);
  FEDSCAPE_CHECK(schedule != "step" || !milestones.empty(), "schedule step needs milestones");
}

double scheduled_lr(const OptimizerOptions& options, double t, double total, double length) {
  double lr = options.lr;
  if (options.warmup > 0) lr *= std::min(1.0, (t + length) / options.warmup);
  if (options.schedule == "step") lr *= std::pow(options.gamma, milestones_until(options.milestones, t));
  if (options.schedule == "cosine" && total > options.warmup) {
    const double progress = std::clamp((t - options.warmup) / (total - options.warmup), 0.0, 1.0);
    lr *= 0.5 * (1.0 + std::cos(std::numbers::pi * progress));
  }
  return lr;
}

Optimizer::Optimizer(Stream& stream, const ParamLayout& layout, const OptimizerOptions& options, int models)
    : layout_(&layout), options_(options) {
  options.check();
  FEDSCAPE_CHECK(models > 0, "an optimiser for {} models", models);
  sgd_ = Mirrored<ops::Sgd>(stream, 1);
  adam_ = Mirrored<ops::AdamRates>(stream, 1);
  state_ = Tensor<float>(stream, {moments_of(options), models, layout.size()});
  if (state_.size() > 0) ops::fill(stream, 0.0f, state_.view());  // statistic slots are never written but saved
}

void Optimizer::advance(Stream& stream, double lr) {
  if (steps_ == 0 && state_.shape()[0] == 2) ops::fill(stream, 0.0f, state_.view());
  ++steps_;
  const auto rate = static_cast<float>(lr), decay = static_cast<float>(options_.weight_decay);
  if (options_.optimizer == "sgd") {
    sgd_.write()[0] = {rate, static_cast<float>(options_.momentum), decay, options_.nesterov, steps_ == 1};
    return sgd_.push(stream, 1);
  }
  adam_.write()[0] = ops::rates_of({rate, static_cast<float>(options_.beta1), static_cast<float>(options_.beta2),
                                    static_cast<float>(options_.eps), decay, options_.optimizer == "adamw", steps_});
  adam_.push(stream, 1);
}

void Optimizer::apply(Stream& stream, int active, View<float> params, View<float> grads,
                      std::span<const ParamRun> runs) {
  const std::int64_t moments = state_.shape()[0], P = layout_->size();
  FEDSCAPE_CHECK(params.shape.rank() == 2 && params.shape[1] == P && grads.shape == params.shape &&
                     params.shape[0] <= state_.shape()[1] && 0 <= active && active <= params.shape[0],
                 "a step of {} of {} rows with gradients {}; the optimiser is for {} rows of {}", active,
                 params.shape.text(), grads.shape.text(), state_.shape()[1], P);
  const double values = static_cast<double>(active * P), arrays = static_cast<double>(1 + moments);
  // Parameters and moments are read and written, gradients read; a multiply-add for each value written.
  const ProfileScope scope(stream, Phase::update, "", {2 * values * arrays, sizeof(float) * values * (2 * arrays + 1)});
  if (runs.empty())
    runs = layout_->trained();
  else
    clear_others(stream, runs, active, grads);
  if (options_.clip > 0) ops::clip_rows(stream, static_cast<float>(options_.clip), active, grads);
  // Each moment has its own stack of rows; an absent one is a Slot without data.
  const auto moment = [&](std::int64_t which, std::int64_t begin) {
    return which < moments ? slot(state_.view().rows(which, which + 1).as({state_.shape()[1], P}), begin)
                           : Slot<float>{};
  };
  for (const ParamRun& run : runs) {
    const std::int64_t begin = run.first, length = run.second - run.first;
    const Slot<float> p = slot(params, begin), g = slot(grads, begin);
    if (options_.optimizer == "sgd")
      ops::sgd(stream, sgd_.first(1)[0], active, length, g, p, moment(0, begin));
    else
      ops::adam(stream, adam_.first(1)[0], active, length, g, p, moment(0, begin), moment(1, begin));
  }
}

}  // namespace fedscape
