#include "fedscape/algo/federated/fedaws.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace fedscape {

namespace {

/// The weight matrix of the last linear layer.
const ParamSlot* classifier_of(const ParamLayout& layout) {
  for (const ParamSlot& slot : layout.slots())
    if (slot.group == ParamGroup::classifier && slot.role == ParamRole::weight) return &slot;
  return nullptr;
}

}  // namespace

double spread_out(std::span<const double> rows, std::int64_t classes, double margin, std::span<double> gradient) {
  const auto C = static_cast<std::size_t>(classes), F = rows.size() / C;
  std::vector<double> unit(rows.begin(), rows.end()), norm(C);
  for (std::size_t c = 0; c < C; ++c) {
    const auto row = unit.begin() + static_cast<std::ptrdiff_t>(c * F), end = row + static_cast<std::ptrdiff_t>(F);
    norm[c] = std::sqrt(std::inner_product(row, end, row, 0.0));
    if (norm[c] > 0) std::for_each(row, end, [&](double& w) { w /= norm[c]; });
  }
  std::fill(gradient.begin(), gradient.end(), 0.0);
  double sum = 0;
  for (std::size_t c = 0; c < C; ++c)
    for (std::size_t d = 0; d < C; ++d) {
      const double* const u = &unit[c * F];
      const double* const v = &unit[d * F];
      const double cosine = std::inner_product(u, u + F, v, 0.0), hinge = margin - (1 - cosine) / 2;
      if (c == d || hinge <= 0) continue;
      sum += hinge * hinge;
      if (norm[c] == 0 || norm[d] == 0) continue;
      const double factor = 2 * hinge / norm[c];  // the pair counts twice, and d falls by half of what cos rises
      for (std::size_t f = 0; f < F; ++f) gradient[c * F + f] += factor * (v[f] - cosine * u[f]);
    }
  return sum;
}

void FedAws::options(Fields& f) {
  f.field("margin", margin, "FedAwS: rows of the classifier nearer than this are driven apart, in [0,1]");
  f.field("rate", rate, "FedAwS: rate of the steps that drive them apart");
  f.field("steps", steps, "FedAwS: how many such steps a round; 0: FedAvg");
}

void FedAws::check(const OptimizerOptions&) const {
  FEDSCAPE_CHECK(margin >= 0 && margin <= 1, "margin of FedAwS is {}; it must be in [0,1]", margin);
  FEDSCAPE_CHECK(rate >= 0 && std::isfinite(rate), "rate of FedAwS is {}; it must be 0 or more", rate);
  FEDSCAPE_CHECK(steps >= 0, "steps of FedAwS are {}; they must be 0 or more", steps);
}

FederatedAlgorithm::Footprint FedAws::footprint(const Problem& problem) const {
  FEDSCAPE_CHECK(classifier_of(problem.layout),
                 "FedAwS spreads the rows of a linear classifier, and this network has none");
  return {.upload = problem.layout.size()};
}

// On the host, in double: C rows are few, and every rank must come to the same bits.
void FedAws::server_update(const ServerStep& step) const {
  move_global(step, 1);
  if (steps == 0) return;
  const ParamSlot& slot = *classifier_of(step.network.layout());
  const View<float> weights(step.global.data + slot.offset, {slot.size()});
  std::vector<float> rows = to_host(step.stream, weights);
  std::vector<double> w(rows.begin(), rows.end()), gradient(rows.size());
  for (std::int64_t i = 0; i < steps; ++i) {
    spread_out(w, slot.shape[0], margin, gradient);
    for (std::size_t j = 0; j < w.size(); ++j) w[j] -= rate * gradient[j];
  }
  std::transform(w.begin(), w.end(), rows.begin(), [](double x) { return static_cast<float>(x); });
  copy_to_device(step.stream, weights.data, rows.data(), rows.size() * sizeof(float));
}

}  // namespace fedscape
