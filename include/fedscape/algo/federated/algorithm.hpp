#pragma once

#include <memory>
#include <vector>

#include "fedscape/algo/federated/server_step.hpp"

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
    bool personal = false;     // clients have models of their own: they are evaluated on each client's test set
    bool own_samples = false;  // LocalResult::own is used; this and what follows: not of a penalty
    std::int64_t terms = 0, scratch = 0;  // T: what terms() writes; X
  };

  virtual ~FederatedAlgorithm() = default;
  virtual void options(Fields&) {}
  /// An Error names the option that makes no sense, by itself or with this local optimiser.
  virtual void check(const OptimizerOptions& local) const { (void)local; }
  /// What a user should know of this local optimiser, which is allowed but not what the formulas reckon with. Here:
  /// nothing.
  virtual std::string warning(const OptimizerOptions& local) const {
    (void)local;
    return {};
  }
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
  /// What local steps find as LocalStep::workspace. Here: nothing.
  virtual std::unique_ptr<Workspace> workspace(const Network& network) const;
  /// Whether anything depends on how many rounds are planned, which then may not change when a run is resumed.
  virtual bool needs_rounds() const { return false; }
  /// Local training of a round: stages for what is sent, then personal ones. Here: one for what is sent.
  virtual std::vector<Stage> stages() const { return {{}}; }
  /// Training of models that personal metrics are taken of, before personal(): one stage, with its rate itself as lr,
  /// or none, as here.
  virtual std::vector<Stage> tuning() const { return {}; }
  /// Unnormalised aggregation weight of a client. Here: 1, or its samples if the run asks for that.
  virtual double weight(std::int64_t samples, bool by_samples) const { return by_samples ? double(samples) : 1.0; }

  /// What local steps need of a client's class counts [C], worked out once: terms [T]. Both in host memory.
  virtual void terms(std::span<const float> label_counts, std::span<float> terms) const {
    (void)label_counts, (void)terms;
  }
  /// The models that a stage starts from; params [M,P] hold the global row on entry, or the models as the stage before
  /// left them. Here: left so.
  virtual void start(const BlockStart&, View<float> params) const { (void)params; }
  /// Another model through which each batch is seen during a stage, as in evaluation: LocalStep::others[which].
  /// params [M,P] hold the global row on entry. Here: left so.
  virtual void other(const BlockStart&, int which, View<float> params) const { (void)which, (void)params; }

  /// Local objective: loss [M] and its gradient at the outputs. Here: softmax cross-entropy.
  virtual void loss(const LocalStep&, const Outputs&, OutputGrads&, View<float> loss) const;
  /// Where a step's gradient is taken instead, under the same masks: `point` [M,P] holds the local models on entry,
  /// grads [M,P] the gradient there. Corrections and penalties are added afterwards, at the models themselves, and
  /// batch statistics are theirs. With Stage::Probe::aside: where the second gradient is taken, and grads are nothing
  /// yet.
  virtual void probe(const LocalStep&, View<const float> grads, View<float> point) const { (void)grads, (void)point; }
  /// Makes use of the gradient grads [M,P] at the point of probe(), before the step's own is taken. `point` [M,P],
  /// whose statistics have seen the batch.
  virtual void step_aside(const LocalStep&, View<const float> point, View<const float> grads) const {
    (void)point, (void)grads;
  }
  /// Parameter-space terms, added to grads [M,P] after backward. Here: none.
  virtual void correct_gradient(const LocalStep&, View<float> grads) const { (void)grads; }

  /// After a step of the optimiser; params [M,P] are the models. Here: left so.
  virtual void after_step(const LocalStep&, View<float> params) const { (void)params; }

  /// After the last step for what is sent: refresh block.memory, write upload [M,Q]. Here: params - global.
  virtual void upload(const LocalResult&, View<float> upload) const;
  /// After the last step of all: refresh block.memory. Metrics after training are of params [M,P]. Here: left so.
  virtual void keep(const LocalResult&, View<float> params) const { (void)params; }
  /// The models that personal metrics are taken of; params [M,P] hold those of the first start(), perhaps tuned, on
  /// entry. Here: left so.
  virtual void personal(const BlockStart&, View<float> params) const { (void)params; }
  /// Names and units of what server_update reports, the same in every round. Here: nothing.
  virtual std::vector<Figure> figures() const { return {}; }
  /// The next global model. Here: global + mean upload.
  virtual void server_update(const ServerStep&) const;
};

/// global += rate * mean on what is trained, global += mean on statistics: averages, which no rate fits. `mean` [1,P]
/// is the first part of the mean upload.
void move_global(const ServerStep& step, float rate);

}  // namespace fedscape
