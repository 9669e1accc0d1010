#pragma once

#include <span>
#include <string>
#include <string_view>

#include "fedscape/device/stream.hpp"
#include "fedscape/nn/layout.hpp"
#include "fedscape/ops/batch.hpp"

namespace fedscape {

enum class Mode { train, evaluate };

/// What a layer makes the channels of its output (the last axis, its neurons) of, as far as it matters for who may
/// change places; see neurons.hpp.
enum class Channels {
  unknown,  // nothing may change places, neither of the inputs nor of the output
  kept,     // channel c of the channels c of all inputs, by parameters [channels] of its own, if any
  mixed,    // each of all of the input's: a weight [channels,...,input channels]
  joined,   // the inputs' one after the other
  padded,   // the input's between zeros, the odd one behind
};

/// What one pass over a stack knows. keys[m] addresses the randomness of model m in this step; a layer that needs some
/// changes the purpose.
struct Pass {
  Batch batch;
  std::span<const RngKey> keys;
  Mode mode = Mode::train;
};

using Inputs = std::span<const View<const float>>;
using InputGrads = std::span<const View<float>>;  // data null: nobody needs this one

/// One node of a network. Stateless: weights, activations and what is kept for the backward pass are arguments, so one
/// Layer object serves any number of models and threads. Shapes are per sample; arrays are [M,B,sample shape], an
/// input that is the network's own may be [1,B,...].
class Layer {
 public:
  virtual ~Layer() = default;

  /// Declares parameters named "<name>.<parameter>" (remembering their slots) and returns the output shape of one
  /// sample.
  virtual Shape build(ParamLayout& layout, const std::string& name, std::span<const Shape> inputs) = 0;

  /// Floats per model that forward keeps for backward with batches of up to `batch` samples: moments and the like.
  virtual std::int64_t kept(int batch) const {
    (void)batch;
    return 0;
  }
  /// The identity: its output is its input seen again, and it is never run.
  virtual bool is_view() const { return false; }
  /// y may be given the memory of the first input, and dx[0] that of dy.
  virtual bool in_place() const { return false; }
  /// Whether backward reads x, and y. What nobody reads again is forgotten after the forward pass.
  virtual bool needs_input() const { return true; }
  virtual bool needs_output() const { return false; }

  /// params [M,P], kept [M, kept(B)].
  virtual void forward(Stream&, const Pass&, View<const float> params, Inputs x, View<float> y,
                       View<float> kept) const = 0;
  /// Overwrites dx (those that are not null) and this layer's slots of grads [M,P]. dx[0] may be dy's memory if
  /// in_place().
  virtual void backward(Stream&, const Pass&, View<const float> params, Inputs x, View<const float> y,
                        View<const float> kept, View<const float> dy, InputGrads dx, View<float> grads) const = 0;

  /// Moves the statistic slots of params towards the batch statistics in `kept`: running = (1-f) * running + f * batch,
  /// f = momentum[m], or the layer's own default if momentum is empty. Most layers have none.
  virtual void update_statistics(Stream&, const Batch&, View<float> params, View<const float> kept,
                                 std::span<const float> momentum) const {
    (void)params, (void)kept, (void)momentum;
  }
  /// Floating-point operations of forward for one sample x (the first input) to y, two for a multiply-add, padding
  /// included, biases not: what a profile compares times with. One for each element of y unless the layer says
  /// otherwise.
  virtual double flops(const Shape& x, const Shape& y) const {
    (void)x;
    return static_cast<double>(y.size());
  }
  virtual Channels channels() const { return Channels::unknown; }
  /// Groups of adjacent channels, which only change places within their group, as the others are treated together.
  virtual int channel_groups() const { return 1; }
  /// The kind as a config file names it, e.g. "conv".
  virtual std::string_view kind() const = 0;
};

}  // namespace fedscape
