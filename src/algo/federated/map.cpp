#include "fedscape/algo/federated/map.hpp"

#include <cmath>

namespace fedscape {

namespace {

constexpr std::size_t kAggregation = 0;  // the stage for what is sent

}  // namespace

void Map::options(Fields& f) {
  rs.options(f);
  FedPhp::options(f);
  f.field("personal_steps", personal_steps, "MAP: steps of personalisation, as a share of the local steps");
  f.field("personal_min_steps", personal_min_steps, "MAP: at least so many of them");
  f.field("personal_lr", personal_lr, "MAP: their learning rate, as a share of the round's");
}

void Map::check(const OptimizerOptions& local) const {
  rs.check(local);
  FedPhp::check(local);
  FEDSCAPE_CHECK(personal_steps >= 0 && personal_steps <= 100, "personal_steps of MAP is {}; it must be in [0,100]",
                 personal_steps);
  FEDSCAPE_CHECK(personal_min_steps >= 0, "personal_min_steps of MAP is {}; it must be 0 or more", personal_min_steps);
  FEDSCAPE_CHECK(personal_lr >= 0 && std::isfinite(personal_lr), "personal_lr of MAP is {}; it must be 0 or more",
                 personal_lr);
}

FederatedAlgorithm::Footprint Map::footprint(const Problem& problem) const {
  Footprint size = FedPhp::footprint(problem);
  size.terms = rs.footprint(problem).terms;
  return size;
}

std::vector<Stage> Map::stages() const {
  return {{}, taught({.steps = personal_steps, .min_steps = personal_min_steps, .lr = personal_lr, .personal = true})};
}

void Map::terms(std::span<const float> label_counts, std::span<float> scale) const { rs.terms(label_counts, scale); }

void Map::loss(const LocalStep& step, const Outputs& out, OutputGrads& grads, View<float> loss) const {
  if (step.stage == kAggregation)
    rs.loss(step, out, grads, loss);
  else
    FedPhp::loss(step, out, grads, loss);
}

}  // namespace fedscape
