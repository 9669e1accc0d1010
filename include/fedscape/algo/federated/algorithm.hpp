#pragma once

#include <span>
#include <string_view>

#include "fedscape/base/fields.hpp"
#include "fedscape/comm/share.hpp"
#include "fedscape/data/dataset.hpp"
#include "fedscape/nn/network.hpp"

namespace fedscape {

/// The M clients that train side by side; ids[m] owns row m of every [M,...] array. Sorted by steps, longest first, so
/// the clients still training are always the first rows.
struct ClientBlock {
  std::span<const ClientId> ids;
  std::span<const std::int64_t> samples;  // training samples of each client
  std::span<const std::int64_t> steps;    // local steps of each client this round
  View<const float> label_counts;         // [M,C] training samples of each class
  View<float> memory;                     // [M,S] what these clients remember between rounds
};

/// Numbers that change with the step, in device memory, so that a captured step sees each step's own.
struct Schedule {
  float lr;           // learning rate of this round
  std::int32_t step;  // of this round, from 0
  std::int32_t round;
};

/// What an algorithm sees during one local step of a block. M here is the number of clients still training.
struct LocalStep {
  Stream& stream;
  const Network& network;  // to look at the batch through other models (MOON, distillation)
  const ClientBlock& block;
  const Batch& batch;
  View<const float> global;         // [1,P] model received at the start of the round
  View<const float> server_memory;  // [1,V] what the server remembers between rounds
  View<const float> params;         // [M,P] local models before this step
  View<const float> inputs;         // [M,B,sample]
  View<const std::int32_t> labels;  // [M,B]
  const Schedule* schedule;         // device memory
};

/// The same after the last step: params [M,P] are the trained models.
struct LocalResult {
  Stream& stream;
  const Network& network;
  const ClientBlock& block;
  View<const float> global, server_memory, params;
  float lr;  // of this round
};

class ExactSum;  // algo/exact_sum.hpp

/// What the server sees at the end of a round. Every rank runs it; mean, memory and global are identical on all.
struct ServerStep {
  Stream& stream;
  const Network& network;
  std::int64_t round;
  RngKey key;              // purpose `server`, this round
  View<const float> mean;  // [1,Q] weighted mean upload of the cohort
  View<const float>
      local_uploads;  // [n_r,Q] those this rank holds, if the footprint asks for them; never gathered whole
  std::span<const ClientId> local_ids;    // [n_r] whose they are
  std::span<const double> local_weights;  // [n_r] their weights, which sum to 1 over all ranks
  const Dataset* server_data;             // unlabelled server data, if the footprint asks for it
  ExactSum& sum;                          // order-free sum over ranks: per-sample teachers, statistics
  View<float> memory;                     // [1,V]
  View<float> global;                     // [1,P] in: last round's model, out: the next one
  double participation;                   // distinct clients of the cohort / number of clients
};

/// A federated algorithm: its options and what it does differently from FedAvg. Objects hold options only. Whatever
/// must survive a round lives in memories sized by `footprint`, which the engine owns, saves and places. Hooks are
/// called by several threads at once, with different blocks.
class FederatedAlgorithm {
 public:
  struct Footprint {
    std::int64_t client = 0, server = 0, upload = 0;  // S, V, Q
    bool uploads = false;                             // server_update wants the uploads of the rank's own clients
    bool server_data = false;                         // server_update wants server data
    bool features = false;                            // loss() writes gradients at the features, too
    bool personal = false;  // personal() gives models of its own: they are evaluated on each client's test set
  };

  virtual ~FederatedAlgorithm() = default;
  virtual void options(Fields&) {}
  /// Sizes of the memories and of the upload. Here: upload = P.
  virtual Footprint footprint(const ParamLayout& layout, int classes) const;
  /// The server's memory [1,V] before the first round, and a client's [1,S] before it first takes part, when the model
  /// is `global`; zero on entry. Here: zero.
  virtual void initial_memory(Stream&, View<const float> global, View<float> server) const {
    (void)global, (void)server;
  }
  virtual void initial_client_memory(Stream&, View<const float> global, View<float> client) const {
    (void)global, (void)client;
  }

  /// Unnormalised aggregation weight of a client. Here: 1, or its samples if the run asks for that.
  virtual double weight(std::int64_t samples, bool by_samples) const { return by_samples ? double(samples) : 1.0; }
  /// Local objective: loss [M] and its gradient at the outputs. Here: softmax cross-entropy.
  virtual void loss(const LocalStep&, const Outputs&, OutputGrads&, View<float> loss) const;
  /// Parameter-space terms, added to grads [M,P] after backward. Here: none.
  virtual void correct_gradient(const LocalStep&, View<float> grads) const { (void)grads; }
  /// After the last local step: refresh block.memory, write what is sent, upload [M,Q]. Here: params - global.
  virtual void upload(const LocalResult&, View<float> upload) const;
  /// The models that personal metrics are taken of; params [M,P] hold the global row on entry. Here: left so.
  virtual void personal(Stream&, const ClientBlock&, View<float> params) const { (void)params; }
  /// The next global model. Here: global + mean upload.
  virtual void server_update(const ServerStep&) const;
};

/// global += rate * mean on what is trained, global += mean on statistics: averages, which no rate fits. `mean` [1,P]
/// is the first part of the mean upload.
void move_global(const ServerStep& step, float rate);

}  // namespace fedscape
