#pragma once

#include <dnnl.hpp>

#include <cstdint>
#include <string>

#include "kernels/conv.hpp"

namespace fedscape::kernels {

/// What a oneDNN convolution is made for. The flags mean something in forward passes only.
struct ConvRequest {
  ConvShape shape;
  ConvPass pass = ConvPass::forward;
  int count = 1;  // samples
  bool bias = false, residual = false, relu = false;
};

/// oneDNN's kernel for one request. Activations are channels-last in place; weights are in the order that the kernel
/// prefers ("packed"), because asked for ours it falls back to its reference code, hundreds of times slower.
class ConvPrimitive {
 public:
  /// `weights`: the order of weights that were packed for another count; null: the kernel chooses.
  ConvPrimitive(const dnnl::engine& engine, const ConvRequest& request, const dnnl::memory::desc* weights = nullptr);

  /// False where oneDNN has no kernel made for this request: nothing below may then be called.
  bool usable() const { return static_cast<bool>(primitive_); }
  /// oneDNN's name of the kernel.
  const std::string& implementation() const { return implementation_; }
  const dnnl::memory::desc& weights() const { return packed_desc_; }
  /// Floats of the packed weights.
  std::int64_t packed_size() const { return static_cast<std::int64_t>(packed_desc_.get_size() / sizeof(float)); }

  /// Forward passes and data gradients: from our weights [filters, ky, kx, channels / groups].
  void pack(Stream& stream, const float* w, float* packed);
  /// Weight gradients: to ours.
  void unpack(Stream& stream, const float* packed, float* w);

  /// y = conv(x, packed) + bias (+ y with residual), then relu. bias as the request says.
  void forward(Stream& stream, const float* x, const float* packed, const float* bias, float* y);
  void backward_data(Stream& stream, const float* dy, const float* packed, float* dx);
  void backward_weights(Stream& stream, const float* x, const float* dy, float* packed_dw);

 private:
  template <class PrimitiveDesc>
  void adopt(const dnnl::engine& engine, PrimitiveDesc desc, const dnnl::memory::desc& packed);

  struct Argument {
    int name;
    dnnl::memory* memory;
    const float* data;
  };
  void execute(Stream& stream, const dnnl::primitive& primitive, std::initializer_list<Argument> arguments);

  dnnl::primitive primitive_, reorder_;
  std::string implementation_;
  dnnl::memory::desc packed_desc_;
  dnnl::memory x_, y_, bias_, packed_, plain_, scratch_;  // without data: bound anew in each call
};

/// The stream's primitive for a request, made on first use.
ConvPrimitive& conv_primitive(Stream& stream, const ConvRequest& request);
/// A forward primitive for `request` that takes weights packed for batches of `batch_size`.
ConvPrimitive& packed_conv_primitive(Stream& stream, const ConvRequest& request, int batch_size);

}  // namespace fedscape::kernels
