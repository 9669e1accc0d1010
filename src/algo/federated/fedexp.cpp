#include "fedscape/algo/federated/fedexp.hpp"

#include <algorithm>
#include <cmath>

#include "fedscape/ops/reduce.hpp"

namespace fedscape {

namespace {

/// Of what is trained of row m.
double squared_norm(Stream& stream, const ParamLayout& layout, View<const float> rows, std::int64_t m) {
  double sum = 0;
  for (const auto& run : layout.trained()) sum += ops::dot(stream, part(rows, m, run), part(rows, m, run));
  return sum;
}

}  // namespace

void FedExp::options(Fields& f) {
  f.field("eps", eps, "FedExP: added to the squared norm of the mean difference; the larger, the nearer to FedAvg");
}

void FedExp::check(const OptimizerOptions&) const {
  FEDSCAPE_CHECK(eps >= 0 && std::isfinite(eps), "eps of FedExP is {}; it must be 0 or more", eps);
}

FederatedAlgorithm::Footprint FedExp::footprint(const Problem& problem) const {
  return {.upload = problem.layout.size() + 1};
}

void FedExp::upload(const LocalResult& result, View<float> upload) const {
  const std::int64_t p = result.params.shape[1];
  for (std::int64_t m = 0; m < upload.shape[0]; ++m) {
    const View<float> d = part(upload, m, {0, p});
    ops::axpby(result.stream, 1, result.params.rows(m, m + 1).as({p}), 0, d);
    ops::axpby(result.stream, -1, result.global.as({p}), 1, d);
    const double square = squared_norm(result.stream, result.network.layout(), upload, m);
    ops::fill(result.stream, static_cast<float>(square), part(upload, m, {p, p + 1}));
  }
}

void FedExp::server_update(const ServerStep& step) const {
  const std::int64_t p = step.global.size();
  float spread = 0;
  copy_to_host(step.stream, &spread, step.mean.data + p, sizeof(float));
  const double square = squared_norm(step.stream, step.network.layout(), step.mean, 0) + eps;
  // Where nothing moves and eps is 0 there is no direction to extrapolate.
  const double rate = square > 0 ? std::max(1.0, static_cast<double>(spread) / (2 * square)) : 1.0;
  move_global(step, static_cast<float>(rate));
}

}  // namespace fedscape
