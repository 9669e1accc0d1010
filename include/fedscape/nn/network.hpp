#pragma once

#include <memory>
#include <string>
#include <vector>

#include "fedscape/nn/layer.hpp"
#include "fedscape/ops/precision.hpp"
#include "fedscape/tensor/tensor.hpp"

namespace fedscape {

struct Outputs {
  View<const float> features, logits;  // [M,B,F] input of the classifier, [M,B,C]
};
struct OutputGrads {
  View<float> features, logits;  // features: zero on entry (null if the algorithm asks for none); logits: to be filled
};

/// A graph of layers with named edges. Node 0 is the input; node i > 0 is a layer fed by earlier nodes; the last node
/// is the classifier's output, the logits.
class Network {
 public:
  struct Node {
    std::string name;
    std::unique_ptr<Layer> layer;  // null for node 0
    std::vector<int> inputs;
    Shape shape;              // of one sample
    std::int64_t params = 0;  // how many the layer has
    bool trained = false;     // whether it, or a node that it is fed by, has some: else nobody needs its gradient
  };

  explicit Network(Shape sample);
  Network(Network&&) = default;
  Network& operator=(Network&&) = default;

  /// Appends a layer fed by the nodes `inputs` and returns its node. Its parameters are named "<name>.weight" and so
  /// on.
  int add(std::string name, std::unique_ptr<Layer> layer, std::vector<int> inputs);
  /// Declares the network complete: the last node is the output, and the last linear layer the classifier.
  void finish();

  const ParamLayout& layout() const { return layout_; }
  std::span<const Node> nodes() const { return nodes_; }
  const Shape& sample() const { return nodes_.front().shape; }
  int classes() const;  // C
  int feature_node() const { return feature_node_; }
  std::int64_t features() const { return nodes_[static_cast<std::size_t>(feature_node_)].shape.size(); }  // F
  bool has_statistics() const;  // batch norm: evaluation differs from training

 private:
  ParamLayout layout_;
  std::vector<Node> nodes_;
  int feature_node_ = 0;
};

/// The memory of one training step of up to M models with up to B samples each: activations, what layers keep, and
/// gradients, planned once so that arrays which are never needed together share memory. One per thread.
class Tape {
 public:
  /// `watched` nodes keep their values and gradients until the next forward; that costs their memory.
  Tape(Stream& stream, const Network& network, int models, int batch, std::span<const int> watched = {});
  Tape(Tape&&) noexcept;
  ~Tape();

  int models() const;
  int batch() const;
  std::int64_t floats() const;  // what the plan takes

  /// Forward pass. params [M,P], x [M|1,B,sample]; M = pass.batch.models <= models(), B likewise. The views returned
  /// are valid until the next forward.
  Outputs forward(Stream& stream, const Pass& pass, View<const float> params, View<const float> x);
  /// Where the caller writes the gradients at the outputs after forward: logits [M,B,C]; features [M,B,F] zeroed, or
  /// null without `features`.
  OutputGrads output_grads(Stream& stream, const Pass& pass, bool features = false);
  /// Backward pass of the last forward from what output_grads holds. Overwrites grads [M,P]; statistic slots become 0.
  void backward(Stream& stream, const Pass& pass, View<const float> params, View<float> grads);
  /// What the last passes left of a watched node, [M,B,shape]; the gradient is there after backward.
  View<const float> value(const Pass& pass, int node) const;
  View<const float> gradient(const Pass& pass, int node) const;
  /// Moves batch-norm statistics in params [M,P] by those of the last forward; see Layer::update_statistics.
  void update_statistics(Stream& stream, const Pass& pass, View<float> params, std::span<const float> momentum = {});

 private:
  struct Plan;
  std::unique_ptr<Plan> plan_;
};

/// The fused schedule for evaluation: batch norms folded into the convolutions before them, ReLU and residual sums as
/// part of a convolution, activations of one chunk in memory that stays in the cache. One per thread.
class InferencePlan {
 public:
  /// Chunks of at most `chunk` samples; operands of convolutions and linear layers as `precision` says.
  InferencePlan(Stream& stream, const Network& network, int models, int chunk = 16,
                Precision precision = Precision::float32);
  InferencePlan(InferencePlan&&) noexcept;
  ~InferencePlan();

  int chunk() const;
  std::int64_t floats() const;
  /// Folds and packs the weights of M <= models rows [M,P] with their own statistics. Must be called whenever they
  /// change.
  void load(Stream& stream, View<const float> params);
  /// Outputs [M,n,...] of n <= chunk samples x [1|M,n,sample], valid until the next call. `first`: only of so many of
  /// the loaded models, M = first.
  Outputs forward(Stream& stream, View<const float> x, int first = 0);

 private:
  struct Plan;
  std::unique_ptr<Plan> plan_;
};

}  // namespace fedscape
