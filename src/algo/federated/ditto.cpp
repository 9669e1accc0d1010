#include "fedscape/algo/federated/ditto.hpp"

#include <array>
#include <cmath>
#include <string_view>

#include "fedscape/base/suggest.hpp"
#include "fedscape/ops/reduce.hpp"

namespace fedscape {

namespace {

constexpr std::array<std::string_view, 2> kKinds = {"squared", "smooth_l1"};

}  // namespace

void Ditto::options(Fields& f) {
  f.field("lambda", pull.mu, "Ditto: weight of the distance of a client's own model to the received one; 0: none");
  f.field("kind", pull.kind, "Ditto: squared, or smooth_l1 (mean over tensors, as in the MAP release)");
  f.field("personal_steps", personal_steps, "Ditto: steps of a client's own model, times its local steps");
  f.field("personal_lr", personal_lr, "Ditto: rate of those steps, times the learning rate");
}

void Ditto::check(const OptimizerOptions&) const {
  FEDSCAPE_CHECK(pull.mu >= 0 && std::isfinite(pull.mu), "lambda of Ditto is {}; it must be 0 or more", pull.mu);
  check_choice("kind", pull.kind, kKinds);
  FEDSCAPE_CHECK(personal_steps > 0 && personal_steps <= 1e6,
                 "personal_steps of Ditto is {}; it must be above 0 and at most 1000000", personal_steps);
  FEDSCAPE_CHECK(personal_lr >= 0 && std::isfinite(personal_lr), "personal_lr of Ditto is {}; it must be 0 or more",
                 personal_lr);
}

std::vector<Stage> Ditto::stages() const {
  return {{}, {.steps = personal_steps, .min_steps = 1, .lr = personal_lr, .personal = true}};
}

void Ditto::start(const BlockStart& start, View<float> params) const {
  if (start.stage == kPersonal) personal(start, params);
}

void Ditto::correct_gradient(const LocalStep& step, View<float> grads) const {
  if (step.stage != kPersonal || !pull.active()) return;
  const Tensor<float> unreported(step.stream, {grads.shape[0]});
  ops::fill(step.stream, 0.0f, unreported.view());
  pull.add_gradient(step, unreported, grads);
}

}  // namespace fedscape
