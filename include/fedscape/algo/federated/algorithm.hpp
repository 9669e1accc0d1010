#pragma once

#include "fedscape/algo/federated/step.hpp"

namespace fedscape {

/// What the sizes of memories and uploads depend on.
struct Problem {
  const ParamLayout& layout;
  int classes = 0;                  // C
  std::int64_t features = 0;        // F, of the classifier's input
  std::int64_t server_samples = 0;  // of the server data; 0: there is none
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
    bool personal = false;   // clients have models of their own: they are evaluated on each client's test set
    bool features = false;   // loss() writes gradients at the features, too; this and what follows: not of a penalty
    bool probe = false;      // a step goes by the gradient at the point that probe() moves to
    std::int64_t terms = 0;  // T: what terms() writes
    int others = 0;          // models that other() gives
  };

  virtual ~FederatedAlgorithm() = default;
  virtual void options(Fields&) {}
  /// An Error names the option that makes no sense, by itself or with this local optimiser.
  virtual void check(const OptimizerOptions& local) const { (void)local; }
  /// Sizes of the memories and of the upload. Here: upload = P.
  virtual Footprint footprint(const Problem& problem) const;
  /// The server's memory [1,V] before the first round, and a client's [1,S] before it first takes part, when the model
  /// is `global`; zero on entry. Here: zero.
  virtual void initial_memory(Stream&, View<const float> global, View<float> server) const {
    (void)global, (void)server;
  }
  virtual void initial_client_memory(Stream&, const Network&, View<const float> global, View<float> client) const {
    (void)global, (void)client;
  }
  /// Unnormalised aggregation weight of a client. Here: 1, or its samples if the run asks for that.
  virtual double weight(std::int64_t samples, bool by_samples) const { return by_samples ? double(samples) : 1.0; }

  /// What local steps need of a client's class counts [C], worked out once: terms [T]. Both in host memory.
  virtual void terms(std::span<const float> label_counts, std::span<float> terms) const {
    (void)label_counts, (void)terms;
  }
  /// The models that local training starts from; params [M,P] hold the global row on entry. Here: left so.
  virtual void start(const BlockStart&, View<float> params) const { (void)params; }
  /// Another model through which each batch is seen during this round, as in evaluation: LocalStep::others[which].
  /// params [M,P] hold the global row on entry. Here: left so.
  virtual void other(const BlockStart&, int which, View<float> params) const { (void)which, (void)params; }

  /// Local objective: loss [M] and its gradient at the outputs. Here: softmax cross-entropy.
  virtual void loss(const LocalStep&, const Outputs&, OutputGrads&, View<float> loss) const;
  /// Where a step's gradient is taken instead, on the same batch under the same masks: `point` [M,P] holds the local
  /// models on entry, grads [M,P] the gradient there. Corrections and penalties are added afterwards, at the models
  /// themselves, and batch statistics are theirs.
  virtual void probe(const LocalStep&, View<const float> grads, View<float> point) const { (void)grads, (void)point; }
  /// Parameter-space terms, added to grads [M,P] after backward. Here: none.
  virtual void correct_gradient(const LocalStep&, View<float> grads) const { (void)grads; }

  /// After the last local step: refresh block.memory, write what is sent, upload [M,Q]. Here: params - global.
  virtual void upload(const LocalResult&, View<float> upload) const;
  /// The models that personal metrics are taken of; params [M,P] hold those of start() on entry. Here: left so.
  virtual void personal(const BlockStart&, View<float> params) const { (void)params; }
  /// The next global model. Here: global + mean upload.
  virtual void server_update(const ServerStep&) const;
};

/// global += rate * mean on what is trained, global += mean on statistics: averages, which no rate fits. `mean` [1,P]
/// is the first part of the mean upload.
void move_global(const ServerStep& step, float rate);

}  // namespace fedscape
