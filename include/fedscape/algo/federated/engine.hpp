#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fedscape/algo/evaluate.hpp"
#include "fedscape/algo/federated/memory.hpp"
#include "fedscape/algo/federated/penalty.hpp"
#include "fedscape/data/batches.hpp"
#include "fedscape/data/partition.hpp"
#include "fedscape/nn/sgd.hpp"

namespace fedscape {

/// Local training of one round. See `fedscape fl run --help`.
struct LocalOptions {
  SamplingOptions sampling;
  double epochs = 1.0;                // local epochs, where local_steps is 0
  std::int64_t local_steps = 0;       // local steps, the same for every client
  std::int64_t min_steps = 1;         // at least this many steps
  std::string weights = "uniform";    // aggregation: uniform or samples
  bool train_repeats = false;         // cohorts with replacement: train again, in another order of samples
  std::int64_t models_per_stack = 0;  // clients trained side by side by one thread; 0: one, or on a GPU what fits
  std::string precision = "float32";  // of products: float32 or, on CUDA devices, tf32
  bool evaluate_clients = false;      // local metrics before and after training, on each client's own test set
  OptimizerOptions optimizer;
  void options(Fields& f);
  /// An Error says which option is out of its range.
  void check() const;
  /// Local steps of a client with `samples` training samples: local_steps, or epochs of them; at least min_steps.
  std::int64_t steps(std::int64_t samples) const;
};

/// Which clients take part in a round.
struct CohortOptions {
  std::int64_t cohort = 10;
  bool replacement = false;
  std::string sampling = "fixed";  // or poisson: each client with probability cohort / clients
  void options(Fields& f);
};
/// The clients of a round in increasing order of id, with how often each was drawn. A function of (seed, round) only.
struct Cohort {
  std::vector<ClientId> ids;
  std::vector<int> times;
  double expected = 0;  // what the sum of uploads is divided by; 0: the sum of the weights of these clients
};
Cohort sample_cohort(std::int64_t clients, const CohortOptions& options, std::uint64_t seed, std::int64_t round);

class Privacy;  // privacy.hpp

/// All that a federation is: fixed during a run.
struct Federation {
  const Network& network;
  const FederatedAlgorithm& algorithm;
  std::span<const std::unique_ptr<Penalty>> penalties;
  const Dataset& train;
  const Clients& clients;
  const LocalOptions& local;
  const Dataset* server_data = nullptr;
  std::uint64_t seed = 0;
  std::int64_t rounds = 0;           // planned, for schedules over rounds
  const Privacy* privacy = nullptr;  // null: uploads are neither clipped nor noised
};

/// All that changes from round to round, but for client memory.
struct Server {
  std::int64_t round = 0;  // completed rounds
  Tensor<float> global;    // [1,P]
  Tensor<float> memory;    // [1,V] of the algorithm and then of each active penalty; V may be 0
};
Server initial_server(Stream& stream, const Federation& federation, std::span<const float> params);

/// Floats of all memories and of the upload: the algorithm's and its active penalties'.
FederatedAlgorithm::Footprint total_footprint(const Federation& federation);

/// What bounds and noise did to the uploads of a round.
struct PrivacyReport {
  double clipped = 0;      // share of clients whose upload was longer than the bound
  double client_norm = 0;  // mean of their uploads' norms before that
  double epsilon = 0;      // spent by all rounds so far
};

/// What a round was like, the same on every rank but for the times, which are this rank's own.
struct RoundReport {
  std::int64_t round = 0;    // 1 for the first
  std::int64_t clients = 0;  // distinct ones trained
  std::int64_t samples = 0;  // of those clients
  std::int64_t steps = 0;    // local steps of all
  double train_loss = 0;     // mean over local steps of the loss before each step
  double lr = 0;
  Metrics before, after;  // local metrics, with evaluate_clients: global model, personal or trained model
  double seconds = 0, wait_seconds = 0;  // of them in the collective, mostly for slower ranks
  double server_seconds = 0;             // of them moving the server
  double upload_norm = 0;                // of the mean upload
  std::vector<Figure> figures;           // what the algorithm's server reports
  std::optional<PrivacyReport> privacy;  // where the federation has a Privacy
  bool stop = false;                     // some rank was asked to stop
};

/// Personal models on the test sets of their clients. Means are over the clients that have test samples, each of which
/// counts the same; NaN where none has.
struct PersonalMetrics {
  Metrics samples;                            // sums over the samples of all clients
  double client_accuracy = 0, client_f1 = 0;  // mean accuracy and macro-F1 of a client, percent
};

/// Sees the trained model [1,P] of each client once, on the thread that trained it: see algo/weight_statistics.hpp.
using ClientObserver = std::function<void(Stream&, ClientId, View<const float> params)>;

/// Thrown on every rank by a round in which a loss or an upload is not finite: a result of the algorithm at its rate
/// rather than a mistake. It names client and round.
class DivergedError : public AgreedError {
 public:
  using AgreedError::AgreedError;
};

/// Trains a cohort over the ranks and moves the server: one collective. The memory of each thread is made once, before
/// its first client, so a steady-state step allocates nothing.
class Engine {
 public:
  Engine(Workers& workers, Communicator& comm, const Federation& federation);
  ~Engine();

  /// The next round. `stop`: this rank wants to stop after it. May throw DivergedError.
  RoundReport round(const Cohort& cohort, Server& server, ClientMemory& memory, bool stop = false,
                    const ClientObserver& observe = {});

  /// Metrics of personal() models of all clients on their own test sets, added in the order of client ids. Collective.
  PersonalMetrics evaluate_personal(const Server& server, ClientMemory& memory);

  std::int64_t bytes_per_round() const;  // over the wire, per rank
  std::int64_t floats_per_thread() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fedscape
