#include "fedscape/algo/federated/fednova.hpp"

#include <cmath>

#include "fedscape/ops/reduce.hpp"
#include "fedscape/ops/server_step.hpp"

namespace fedscape {

void FedNova::options(Fields& f) {
  f.field("server_momentum", server_momentum, "FedNova: momentum of the server, in [0,1)");
}

void FedNova::check(const OptimizerOptions& local) const {
  FEDSCAPE_CHECK(server_momentum >= 0 && server_momentum < 1, "server_momentum of FedNova is {}; it must be in [0,1)",
                 server_momentum);
  FEDSCAPE_CHECK(local.optimizer == "sgd", "FedNova knows what steps of sgd amount to, but the optimizer is {}",
                 local.optimizer);
}

FederatedAlgorithm::Footprint FedNova::footprint(const Problem& problem) const {
  return {.server = server_momentum > 0 ? problem.layout.size() : 0, .upload = problem.layout.size()};
}

double FedNova::amount(std::int64_t steps, const OptimizerOptions& local) {
  const double rho = local.momentum, t = static_cast<double>(steps);
  return (t - (local.nesterov ? rho * rho : rho) * (1 - std::pow(rho, t)) / (1 - rho)) / (1 - rho);
}

void FedNova::upload(const LocalResult& result, View<float> upload) const {
  FederatedAlgorithm::upload(result, upload);
  double tau = 0;
  for (std::size_t k = 0; k < result.cohort.steps.size(); ++k)
    tau += result.cohort.weights[k] * amount(result.cohort.steps[k], result.optimizer);
  for (std::int64_t m = 0; m < upload.shape[0]; ++m) {
    const auto scale =
        static_cast<float>(tau / amount(result.block.steps[static_cast<std::size_t>(m)], result.optimizer));
    for (const auto& run : result.network.layout().trained()) {
      const View<float> difference = part(upload, m, run);
      ops::axpby(result.stream, scale, difference, 0, difference);
    }
  }
}

void FedNova::server_update(const ServerStep& step) const {
  if (server_momentum == 0) return move_global(step, 1);
  move_global(step, 0);  // statistics alone
  for (const auto& run : step.network.layout().trained())
    ops::server_step(step.stream, {.beta1 = static_cast<float>(server_momentum)}, part(step.mean, 0, run),
                     part(step.memory, 0, run), {}, part(step.global, 0, run));
}

}  // namespace fedscape
