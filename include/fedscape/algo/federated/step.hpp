#pragma once

#include <functional>
#include <span>

#include "fedscape/comm/share.hpp"
#include "fedscape/data/dataset.hpp"
#include "fedscape/nn/sgd.hpp"

/// What the hooks of an algorithm see: before, during and after local steps. On the server: server_step.hpp.
namespace fedscape {

/// One kind of local training: how long, how fast, on what. A client goes through the stages of its algorithm in order.
struct Stage {
  double steps = 1;            // times a client's local steps; see count()
  std::int64_t min_steps = 0;  // at least so many
  double lr = 1;               // times the rate of the round
  int repeats = 1;             // steps on a batch before the next one
  bool personal = false;       // trains what stays with its client: no penalty acts, nothing is sent
  bool features = false;       // loss() writes gradients at the features, too
  int others = 0;              // models that other() gives
  /// What probe() is for: nothing; to take a step's gradient elsewhere, on the same batch or on the next one; to take a
  /// second gradient aside, which step_aside() makes use of.
  enum class Probe { none, same_batch, next_batch, aside } probe = Probe::none;
  bool (*trains)(const ParamSlot&) = nullptr;  // what is trained; null: everything but statistics

  /// max(min_steps, steps * local_steps), fractions cut off.
  std::int64_t count(std::int64_t local_steps) const;
  /// Batches that `steps` of its steps see.
  std::int64_t batches(std::int64_t steps) const;
};

/// The M clients that train side by side; ids[m] owns row m of every [M,...] array. Sorted by steps, longest first, so
/// the clients still training are always the first rows.
struct ClientBlock {
  std::span<const ClientId> ids;
  std::span<const std::int64_t> samples;  // training samples of each client
  std::span<const std::int64_t> steps;    // local steps of each client in this stage; of all that send, in upload()
  View<const float> label_counts;         // [M,C] training samples of each class
  View<float> memory;                     // [M,S] what these clients remember between rounds
  View<const float> terms;                // [M,T] what terms() made of label_counts; the algorithm's only
  View<float> scratch;                    // [M,X] what is remembered until the end of the round; the algorithm's only
};

/// What an algorithm sees of a block before the first local step of a stage.
struct BlockStart {
  Stream& stream;
  const Network& network;
  const ClientBlock& block;
  View<const float> global;         // [1,P] model received
  View<const float> server_memory;  // [1,V] what the server remembers between rounds
  std::size_t stage;                // of stages(); their number in tuning()
};

/// Memory on the host that an algorithm makes once for each thread, for its hooks during local steps: nothing in it
/// survives a step.
struct Workspace {
  virtual ~Workspace() = default;
};

/// What an algorithm sees during one local step of a block. M here is the number of clients still training. On a device
/// the work that hooks ask for, but that of after_step(), may be kept and done again in another step, block or round
/// with the same stage, M, lr and repeat, without a call: it may depend on nothing else that lies on the host. Work
/// that reads from the device is not kept.
struct LocalStep {
  Stream& stream;
  const Network& network;
  const ClientBlock& block;
  const Batch& batch;
  View<const float> global;         // [1,P] model received at the start of the round
  View<const float> server_memory;  // [1,V] what the server remembers between rounds
  View<const float> params;         // [M,P] local models before this step
  View<const float> inputs;         // [M,B,sample]
  View<const std::int32_t> labels;  // [M,B]
  std::span<const Outputs> others;  // [M,B,...] what each of the other() models makes of the batch
  std::size_t stage;                // of stages(); their number in tuning()
  float lr;                         // learning rate of this stage
  int repeat = 0;                   // which of the stage's steps on this batch, from 0
  const OptimizerOptions* optimizer = nullptr;
  std::span<const RngKey> keys;    // [M] of this step, for randomness of a purpose of its own
  View<float> moments;             // [n,M',P] of the optimiser, which after_step() may move
  Workspace* workspace = nullptr;  // what workspace() made; the algorithm's only
};

/// All clients of a round, by id: the same on every rank.
struct CohortWork {
  std::span<const double> weights;      // sum to 1
  std::span<const std::int64_t> steps;  // local steps of each that are for what is sent
  double participations;                // that a client can expect in all planned rounds
};

/// The training samples of the clients of a block, for what is to be known of them once training is over.
class OwnSamples {
 public:
  /// Sees what a model makes of a batch: [1,B,...], labels [B].
  using Visitor = std::function<void(const Outputs&, View<const std::int32_t> labels)>;

  virtual ~OwnSamples() = default;
  /// Batch-norm statistics in params [M,P] become those of each client's own samples.
  virtual void recalibrate(Stream&, View<float> params) = 0;
  /// Shows client m's samples in order, in small batches, to its model params [1,P] as in evaluation.
  virtual void visit(Stream&, std::int64_t m, View<const float> params, const Visitor& visitor) = 0;
};

/// The same after the last step: params [M,P] are the trained models.
struct LocalResult {
  Stream& stream;
  const Network& network;
  const ClientBlock& block;
  View<const float> global, server_memory, params;
  float lr;  // of this round
  const OptimizerOptions& optimizer;
  CohortWork cohort;
  OwnSamples* own;               // where the footprint asks for it
  std::span<const RngKey> keys;  // [M] of what each client draws at the end of this round: purpose `upload_noise`
};

}  // namespace fedscape
