#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "fedscape/device/repetitions.hpp"
#include "fedscape/tensor/mirrored.hpp"
#include "src/algo/federated/block_samples.hpp"
#include "src/algo/federated/parts.hpp"
#include "src/algo/federated/round_sum.hpp"
#include "src/algo/federated/stages.hpp"

namespace fedscape {

/// One client's work in a round.
struct Work {
  ClientId id = 0;
  ClientId address = 0;    // of its randomness: the id, or another one where a client is trained again
  std::int64_t steps = 0;  // local steps, of which stages make theirs
  double weight = 0;
};

/// When training happens, and what it starts from.
struct Now {
  std::int64_t round = 0;  // from 0
  float lr = 0;            // of that round
  const Server& server;
};

/// What all clients of a round have in common, and where their results go.
struct Round {
  Now now;
  std::int64_t steps = 0;         // of all clients, for what is sent
  std::int64_t test_samples = 0;  // of all clients, with local metrics
  CohortWork cohort;
  ClientMemory& memory;
  const ClientObserver& observe;
  RoundSum& sum;
  std::span<const Tensor<float>> kept;  // for each part [n_r,Q] uploads that stay on this rank, or empty
};

/// Samples that a client's batch can hold, and steps that it can take in one stage, over all clients.
struct Limits {
  std::int64_t batch = 0, steps = 0;
};
Limits limits_of(const Federation& federation, std::span<const Stage> stages);

/// Trains blocks of clients: the memory of one thread, made once.
class Trainer {
 public:
  Trainer(Stream& stream, const Federation& federation, std::span<const Part> parts, int models);

  /// Trains up to `models` clients side by side, longest first. `row`: of the first in round.kept.
  void train(Stream& stream, const Round& round, std::span<const Work> block, std::int64_t row);
  /// Metrics of the algorithm's personal model of a client on its own test samples, and its macro-F1.
  struct Personal {
    Metrics metrics;
    double macro_f1 = 0;
  };
  Personal evaluate_personal(Stream& stream, const Server& server, ClientMemory& memory, ClientId id);
  std::int64_t floats() const;
  /// Whether nothing of the block that train() was last called for has reached the round.
  bool untouched() const { return untouched_; }

 private:
  void begin(Stream& stream, const Now& now, ClientMemory& memory, std::span<const Work> block);
  void load_memory(Stream& stream, const Server& server, ClientMemory& memory, ClientId id, std::int64_t m);
  void work_out_terms(Stream& stream, std::int64_t models);
  /// Rows `params` become what the block's first stage starts from.
  void start(Stream& stream, const Server& server, std::int64_t models);
  void load_others(Stream& stream, const Server& server, std::int64_t models);
  void start_feeds(const Now& now, std::span<const Work> block);
  /// The block goes through a stage, from the models in `params`.
  void run_stage(Stream& stream, const Now& now, std::span<const Work> block, std::size_t stage);
  void turn_to(std::span<const Work> block, std::size_t stage);
  void gather_batches(Stream& stream, const Now& now, std::span<const Work> block, std::int64_t step, int active,
                      int which);
  void local_step(Stream& stream, const Now& now, std::span<const Work> block, std::int64_t step, int active);
  Repetitions::Key key_of(const Now& now, const LocalStep& seen) const;
  /// The models in `params` take a step on the batches that are gathered.
  void take_step(Stream& stream, const Now& now, std::span<const Work> block, std::int64_t step, const LocalStep& seen,
                 const Pass& pass);
  LocalStep see(Stream& stream, const Now& now, std::size_t part, const ClientBlock& clients, const Batch& batch,
                int repeat);
  /// loss [M] and grads_ of the objective at the models `params`; the tape then holds their pass.
  void take_gradient(const LocalStep& seen, const Pass& pass, View<const float> params, View<float> loss);
  /// A gradient at the algorithm's point, of the batch that is gathered.
  void probe(const LocalStep& seen, const Pass& pass);
  void correct(Stream& stream, const Now& now, const LocalStep& seen, View<float> loss);
  void send(Stream& stream, const Round& round, std::span<const Work> block, std::int64_t row);
  void finish(Stream& stream, const Round& round, std::span<const Work> block);
  void add_losses(Stream& stream, const Round& round, std::span<const Work> block);
  void make_private(Stream& stream, const Round& round, std::span<const Work> block);
  void add_uploads(Stream& stream, const Round& round, std::span<const Work> block, std::int64_t row);
  void store_memory(Stream& stream, const Round& round, std::span<const Work> block);
  void add_metrics(Stream& stream, const Round& round, std::span<const Work> block, RoundSum::When when);
  /// Rows `params` become the models to take personal metrics of.
  void personalise(Stream& stream, const Now& now, std::span<const Work> block);
  void need_evaluator(Stream& stream);
  Metrics evaluate(Stream& stream, View<const float> params, ClientId id);
  /// The first `active` clients of the block as one part sees them.
  ClientBlock block_of(std::size_t part, int active) const;
  View<const float> server_memory_of(const Server& server, const Part& part) const;
  BlockStart start_of(Stream& stream, const Server& server, const ClientBlock& clients) const;
  /// Before the hooks that see a LocalResult: whose keys the rows of keys_ are.
  void address_results(const Round& round, std::span<const Work> block);
  LocalResult result_of(Stream& stream, const Round& round, std::size_t part, const ClientBlock& clients);

  const Federation& federation_;
  std::span<const Part> parts_;
  int models_;
  bool untouched_ = true;
  FederatedAlgorithm::Footprint size_;  // of the algorithm
  std::vector<Stage> stages_;           // tuning's behind those of a round
  Limits limits_;
  int batch_;
  ops::Augment augment_;
  std::vector<std::vector<ParamRun>> trains_;  // of each stage; empty: everything
  std::size_t round_stages_ = 0, stage_ = 0;   // how many stages a round has, and where training is
  Tape tape_;
  Optimizer optimizer_;
  std::optional<Evaluator> evaluator_;
  std::optional<BlockSamples> own_samples_;
  std::vector<InferencePlan> others_;
  std::vector<Outputs> others_seen_;
  Tensor<float> params_, grads_, point_, inputs_, loss_, losses_, label_counts_, terms_, scratch_;
  Tensor<std::int32_t> labels_;
  Repetitions repetitions_;                     // of steps
  std::vector<Tensor<float>> memory_, upload_;  // of each part: [M,S], [M,Q]
  std::vector<BatchFeed> feeds_;                // of each client of the block
  std::vector<ClientId> ids_;
  std::vector<std::int64_t> samples_, steps_;
  std::vector<std::int64_t> steps_before_, batches_before_;  // this stage, in this round
  std::vector<double> weights_;
  Mirrored<int> counts_;            // [M] samples of each batch
  Mirrored<RngKey> keys_;           // [M] of the step
  Mirrored<std::int32_t> indices_;  // [M,B] of the samples
  Mirrored<RngKey> sample_keys_;    // [M,B], or none where nothing is augmented
  std::vector<float> memory_row_, host_, host_terms_;
  std::unique_ptr<Workspace> workspace_;
};

}  // namespace fedscape
