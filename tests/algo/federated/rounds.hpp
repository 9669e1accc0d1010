#pragma once

#include <functional>
#include <map>

#include "tests/algo/federated/federation_case.hpp"

namespace fedscape::test {

/// A federation on one rank and one thread, round by round, with all that can be seen of it. The case must outlive it;
/// its local learning rate may change between rounds.
class Rounds {
 public:
  explicit Rounds(const FederationCase& setting);

  /// The next round, of these clients: their trained models.
  std::map<ClientId, std::vector<float>> next(const std::vector<ClientId>& ids);
  std::vector<float> global() { return to_host(workers_.stream(), server_.global.view()); }
  std::vector<float> server_memory() { return to_host(workers_.stream(), server_.memory.view()); }
  std::vector<float> memory_of(ClientId id);
  Metrics personal() { return personal_by_client().samples; }
  PersonalMetrics personal_by_client() { return engine_.evaluate_personal(server_, *memory_); }
  const RoundReport& report() const { return report_; }

 private:
  const FederationCase& setting_;
  Workers workers_{{}, 1};
  std::unique_ptr<Communicator> comm_ = alone();
  Engine engine_;
  Server server_;
  std::unique_ptr<ClientMemory> memory_ = make_memory_in_ram();
  RoundReport report_;
};

/// The global model after so many rounds of the usual cohorts.
std::vector<float> trained(const FederationCase& setting, std::int64_t rounds = 3);

/// A case with this algorithm.
template <class Algorithm>
FederationCase case_of(const Algorithm& algorithm, bool linear = false) {
  FederationCase setting(9, linear);
  setting.algorithm = std::make_unique<Algorithm>(algorithm);
  return setting;
}

/// Local training becomes `steps` steps of plain gradient descent: every batch is all samples of a client, in order.
void descend(FederationCase& setting, std::int64_t steps);

/// Gradient of the mean cross-entropy of the case's linear model over `samples`, at `params`, in double.
std::vector<double> linear_gradient(const FederationCase& setting, std::span<const std::int32_t> samples,
                                    const std::vector<double>& params);

/// Metrics of model_of(id) on the test samples of each client, added up.
Metrics metrics_of(const FederationCase& setting, const std::function<std::vector<float>(ClientId)>& model_of);

/// `params` of the linear model after plain gradient descent on all training samples of a client, in double.
std::vector<float> descended(const FederationCase& setting, ClientId id, const std::vector<float>& params, int steps,
                             double rate);

/// Messages of check(): of the algorithm by itself with plain SGD.
std::string refusal_of(const FederatedAlgorithm& algorithm, const OptimizerOptions& local = {});

}  // namespace fedscape::test
