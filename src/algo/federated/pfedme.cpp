#include "fedscape/algo/federated/pfedme.hpp"

#include <cmath>

#include "fedscape/ops/reduce.hpp"
#include "src/algo/federated/pull.hpp"

namespace fedscape {

void PFedMe::options(Fields& f) {
  f.field("lambda", lambda, "pFedMe: weight of the distance between a client's two models");
  f.field("inner_steps", inner_steps, "pFedMe: steps of the personal model on each batch");
  f.field("eta", eta, "pFedMe: rate at which the sent model follows the personal one, times lambda");
  f.field("beta", beta, "pFedMe: rate at which the server follows the mean of the clients");
}

void PFedMe::check(const OptimizerOptions&) const {
  FEDSCAPE_CHECK(lambda > 0 && std::isfinite(lambda), "lambda of pFedMe is {}; it must be above 0", lambda);
  FEDSCAPE_CHECK(inner_steps >= 1 && inner_steps <= 10000, "inner_steps of pFedMe is {}; 1 to 10000 are possible",
                 inner_steps);
  FEDSCAPE_CHECK(eta >= 0 && eta * lambda <= 1, "eta lambda of pFedMe is {} * {}; it must be in [0,1]", eta, lambda);
  FEDSCAPE_CHECK(beta >= 0 && std::isfinite(beta), "beta of pFedMe is {}; it must be 0 or more", beta);
}

FederatedAlgorithm::Footprint PFedMe::footprint(const Problem& problem) const {
  Footprint size = OwnModels::footprint(problem);
  size.scratch = problem.layout.size();
  return size;
}

std::vector<Stage> PFedMe::stages() const {
  return {{.steps = static_cast<double>(inner_steps), .repeats = static_cast<int>(inner_steps)}};
}

void PFedMe::start(const BlockStart& start, View<float> params) const {
  ops::axpby(start.stream, 1, params, 0, start.block.scratch);
}

void PFedMe::correct_gradient(const LocalStep& step, View<float> grads) const {
  add_pull(step, lambda, step.block.scratch, grads);
}

// Statistics of w come with the upload.
void PFedMe::after_step(const LocalStep& step, View<float> params) const {
  if (step.repeat + 1 < inner_steps) return;
  const double rate = eta * lambda;
  ops::axpby(step.stream, static_cast<float>(rate), params, static_cast<float>(1 - rate), step.block.scratch);
}

void PFedMe::upload(const LocalResult& result, View<float> upload) const {
  FederatedAlgorithm::upload(result, upload);
  for (std::int64_t m = 0; m < upload.shape[0]; ++m)
    for (const auto& run : result.network.layout().trained()) {
      ops::axpby(result.stream, 1, part(result.block.scratch, m, run), 0, part(upload, m, run));
      ops::axpby(result.stream, -1, part(result.global, 0, run), 1, part(upload, m, run));
    }
}

void PFedMe::server_update(const ServerStep& step) const { move_global(step, static_cast<float>(beta)); }

}  // namespace fedscape
