#include "tests/algo/federated/rounds.hpp"

#include <cmath>

namespace fedscape::test {

Rounds::Rounds(const FederationCase& setting)
    : setting_(setting),
      engine_(workers_, *comm_, setting.federation()),
      server_(initial_server(workers_.stream(), setting.federation(), setting.initial())) {}

std::map<ClientId, std::vector<float>> Rounds::next(const std::vector<ClientId>& ids) {
  std::map<ClientId, std::vector<float>> models;
  const Cohort cohort{ids, std::vector<int>(ids.size(), 1)};
  report_ = engine_.round(cohort, server_, *memory_, false, [&](Stream& stream, ClientId id, View<const float> params) {
    models[id] = to_host(stream, params);
  });
  return models;
}

std::vector<float> Rounds::memory_of(ClientId id) {
  std::vector<float> row(static_cast<std::size_t>(total_footprint(setting_.federation()).client));
  FEDSCAPE_CHECK(memory_->load(id, row), "client {} remembers nothing", id);
  return row;
}

std::vector<float> trained(const FederationCase& setting, std::int64_t rounds) {
  const auto comm = alone();
  return run(*comm, setting, {.rounds = rounds}).global;
}

void descend(FederationCase& setting, std::int64_t steps) {
  setting.local.sampling.batch = 100, setting.local.sampling.shuffle = false, setting.local.local_steps = steps;
  setting.local.optimizer.momentum = 0;
}

std::vector<double> linear_gradient(const FederationCase& setting, std::span<const std::int32_t> samples,
                                    const std::vector<double>& params) {
  const std::size_t f = 6, c = 4;
  const auto* const x = static_cast<const float*>(setting.data.samples());
  std::vector<double> gradient(params.size());
  for (const std::int32_t i : samples) {
    double z[c], sum = 0;
    for (std::size_t k = 0; k < c; ++k) {
      z[k] = params[c * f + k];
      for (std::size_t j = 0; j < f; ++j) z[k] += params[k * f + j] * double(x[static_cast<std::size_t>(i) * f + j]);
      sum += std::exp(z[k]);
    }
    for (std::size_t k = 0; k < c; ++k) {
      const double y = setting.data.labels()[static_cast<std::size_t>(i)] == static_cast<int>(k) ? 1 : 0;
      const double g = (std::exp(z[k]) / sum - y) / double(samples.size());
      gradient[c * f + k] += g;
      for (std::size_t j = 0; j < f; ++j) gradient[k * f + j] += g * double(x[static_cast<std::size_t>(i) * f + j]);
    }
  }
  return gradient;
}

Metrics metrics_of(const FederationCase& setting, const std::function<std::vector<float>(ClientId)>& model_of) {
  Stream stream;
  Evaluator evaluator(stream, setting.network, 1);
  Metrics total;
  for (ClientId id = 0; id < setting.clients.size(); ++id) {
    const auto& samples = setting.clients.test[static_cast<std::size_t>(id)];
    if (samples.empty()) continue;
    const std::vector<float> model = model_of(id);
    evaluator.load(stream, View<const float>(model.data(), {1, std::ssize(model)}));
    total += evaluator.all(stream, setting.data, samples)[0];
  }
  return total;
}

std::vector<float> descended(const FederationCase& setting, ClientId id, const std::vector<float>& params, int steps,
                             double rate) {
  std::vector<double> theta(params.begin(), params.end());
  for (int step = 0; step < steps; ++step) {
    const auto g = linear_gradient(setting, setting.clients.train[static_cast<std::size_t>(id)], theta);
    for (std::size_t i = 0; i < theta.size(); ++i) theta[i] -= rate * g[i];
  }
  return {theta.begin(), theta.end()};
}

std::string refusal_of(const FederatedAlgorithm& algorithm, const OptimizerOptions& local) {
  try {
    algorithm.check(local);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace fedscape::test
