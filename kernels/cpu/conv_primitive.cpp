#include "kernels/cpu/conv_primitive.hpp"

#include <array>

#include "fedscape/tensor/tensor.hpp"
#include "kernels/cpu/native.hpp"

namespace fedscape::kernels {

namespace {

using dnnl::memory;
using Tag = memory::format_tag;

struct Descs {
  explicit Descs(const ConvRequest& request)
      : x(floats({request.count, request.shape.channels, request.shape.height, request.shape.width}, Tag::nhwc)),
        y(floats({request.count, request.shape.filters, request.shape.out_height(), request.shape.out_width()},
                 Tag::nhwc)),
        bias(floats({request.shape.filters}, Tag::a)) {
    const ConvShape& s = request.shape;
    const memory::dims dims =
        s.groups == 1 ? memory::dims{s.filters, s.channels, s.kernel_y, s.kernel_x}
                      : memory::dims{s.groups, s.filters / s.groups, s.channels / s.groups, s.kernel_y, s.kernel_x};
    any_weights = floats(dims, Tag::any);
    our_weights = floats(dims, s.groups == 1 ? Tag::ohwi : Tag::gohwi);
  }
  static memory::desc floats(const memory::dims& dims, Tag tag) { return {dims, memory::data_type::f32, tag}; }

  memory::desc x, y, bias, any_weights, our_weights;
};

/// Whether a kernel is made for convolutions: not the reference code, nor a lowering to matrix products, which ours
/// beats (conv_lowered.hpp).
bool is_made_for_convolutions(const std::string& implementation) {
  return implementation.find("ref") == std::string::npos && implementation.find("gemm:") == std::string::npos;
}

dnnl::primitive_attr attributes(const ConvRequest& request) {
  dnnl::post_ops after;
  if (request.residual) after.append_sum(1);
  if (request.relu) after.append_eltwise(1, dnnl::algorithm::eltwise_relu, 0, 0);
  dnnl::primitive_attr attr;
  attr.set_post_ops(after);
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attr;
}

dnnl::convolution_forward::desc forward_desc(const ConvRequest& request, const memory::desc& weights) {
  const Descs d(request);
  const ConvShape& s = request.shape;
  const memory::dims stride{s.stride_y, s.stride_x}, dilation{s.dilation_y - 1, s.dilation_x - 1},
      pad{s.pad_y, s.pad_x};
  return {dnnl::prop_kind::forward_training,
          dnnl::algorithm::convolution_direct,
          d.x,
          weights,
          request.bias ? d.bias : memory::desc(),
          d.y,
          stride,
          dilation,
          pad,
          pad};
}

template <class Pass>
typename Pass::desc backward_desc(const ConvRequest& request) {
  const Descs d(request);
  const ConvShape& s = request.shape;
  const memory::dims stride{s.stride_y, s.stride_x}, dilation{s.dilation_y - 1, s.dilation_x - 1},
      pad{s.pad_y, s.pad_x};
  return {dnnl::algorithm::convolution_direct, d.x, d.any_weights, d.y, stride, dilation, pad, pad};
}

/// Moves on to the first kernel made for convolutions; false if there is none. What the primitive_desc was made from
/// must still be alive: oneDNN's iterator reads it through a pointer.
template <class PrimitiveDesc>
bool choose(PrimitiveDesc& desc) {
  if (!desc) return false;
  while (!is_made_for_convolutions(desc.impl_info_str()))
    if (!desc.next_impl()) return false;
  return true;
}

void check(dnnl_status_t status, const char* call) {
  FEDSCAPE_CHECK(status == dnnl_success, "{}: oneDNN status {}", call, static_cast<int>(status));
}

using Key = Stream::CpuNative::Key;

Key key_of(const ConvRequest& r, int packed_for) {
  constexpr std::int64_t kConvolution = 1;
  const ConvShape& s = r.shape;
  const std::int64_t pass = static_cast<std::int64_t>(r.pass), flags = r.bias + 2 * r.residual + 4 * r.relu;
  return {kConvolution, pass,       flags,      r.count,    packed_for, s.height, s.width,      s.channels,   s.filters,
          s.kernel_y,   s.kernel_x, s.stride_y, s.stride_x, s.pad_y,    s.pad_x,  s.dilation_y, s.dilation_x, s.groups};
}

}  // namespace

template <class PrimitiveDesc>
void ConvPrimitive::adopt(const dnnl::engine& engine, PrimitiveDesc desc, const memory::desc& packed) {
  implementation_ = desc.impl_info_str();
  packed_desc_ = packed;
  scratch_ = memory(desc.scratchpad_desc(), engine, DNNL_MEMORY_NONE);
}

ConvPrimitive::ConvPrimitive(const dnnl::engine& engine, const ConvRequest& request, const memory::desc* weights) {
  const Descs d(request);
  const dnnl::primitive_attr attr = attributes(request);
  const auto forward_op = forward_desc(request, weights ? *weights : d.any_weights);
  dnnl::convolution_forward::primitive_desc forward(forward_op, attr, engine, true);
  if (request.pass == ConvPass::forward) {
    if (!choose(forward)) return;
    adopt(engine, forward, forward.weights_desc());
    primitive_ = dnnl::convolution_forward(forward);
  } else if (request.pass == ConvPass::backward_data) {
    const auto op = backward_desc<dnnl::convolution_backward_data>(request);
    dnnl::convolution_backward_data::primitive_desc backward(op, attr, engine, forward, true);
    if (!choose(backward)) return;
    adopt(engine, backward, backward.weights_desc());
    primitive_ = dnnl::convolution_backward_data(backward);
  } else {
    const auto op = backward_desc<dnnl::convolution_backward_weights>(request);
    dnnl::convolution_backward_weights::primitive_desc backward(op, attr, engine, forward, true);
    if (!choose(backward)) return;
    adopt(engine, backward, backward.diff_weights_desc());
    primitive_ = dnnl::convolution_backward_weights(backward);
  }
  x_ = memory(d.x, engine, DNNL_MEMORY_NONE);
  y_ = memory(d.y, engine, DNNL_MEMORY_NONE);
  bias_ = memory(d.bias, engine, DNNL_MEMORY_NONE);
  packed_ = memory(packed_desc_, engine, DNNL_MEMORY_NONE);
  plain_ = memory(d.our_weights, engine, DNNL_MEMORY_NONE);
  const bool unpacks = request.pass == ConvPass::backward_weights;
  reorder_ = dnnl::reorder(unpacks ? dnnl::reorder::primitive_desc(engine, packed_desc_, engine, d.our_weights)
                                   : dnnl::reorder::primitive_desc(engine, d.our_weights, engine, packed_desc_));
}

void ConvPrimitive::execute(Stream& stream, const dnnl::primitive& primitive,
                            std::initializer_list<Argument> arguments) {
  const ArenaScope scope(stream);
  const auto scratch_size = static_cast<std::int64_t>(scratch_.get_desc().get_size());
  std::array<dnnl_exec_arg_t, 6> bound;
  std::size_t n = 0;
  if (scratch_size > 0 && &primitive == &primitive_) {
    const Tensor<std::byte> scratch(stream, {scratch_size});
    check(dnnl_memory_set_data_handle(scratch_.get(), scratch.data()), "dnnl_memory_set_data_handle");
    bound[n++] = {DNNL_ARG_SCRATCHPAD, scratch_.get()};
  }
  for (const Argument& argument : arguments) {
    if (!argument.data) continue;
    // oneDNN's memory objects know no const; what it only reads it does not write.
    check(dnnl_memory_set_data_handle(argument.memory->get(), const_cast<float*>(argument.data)),
          "dnnl_memory_set_data_handle");
    bound[n++] = {argument.name, argument.memory->get()};
  }
  // The C function: dnnl::primitive::execute would build a map and copy it in every call.
  check(dnnl_primitive_execute(primitive.get(), stream.cpu().stream.get(), static_cast<int>(n), bound.data()),
        "dnnl_primitive_execute");
}

void ConvPrimitive::pack(Stream& stream, const float* w, float* packed) {
  execute(stream, reorder_, {{DNNL_ARG_FROM, &plain_, w}, {DNNL_ARG_TO, &packed_, packed}});
}

void ConvPrimitive::unpack(Stream& stream, const float* packed, float* w) {
  execute(stream, reorder_, {{DNNL_ARG_FROM, &packed_, packed}, {DNNL_ARG_TO, &plain_, w}});
}

void ConvPrimitive::forward(Stream& stream, const float* x, const float* packed, const float* bias, float* y) {
  execute(stream, primitive_,
          {{DNNL_ARG_SRC, &x_, x},
           {DNNL_ARG_WEIGHTS, &packed_, packed},
           {DNNL_ARG_BIAS, &bias_, bias},
           {DNNL_ARG_DST, &y_, y}});
}

void ConvPrimitive::backward_data(Stream& stream, const float* dy, const float* packed, float* dx) {
  execute(stream, primitive_,
          {{DNNL_ARG_DIFF_DST, &y_, dy}, {DNNL_ARG_WEIGHTS, &packed_, packed}, {DNNL_ARG_DIFF_SRC, &x_, dx}});
}

void ConvPrimitive::backward_weights(Stream& stream, const float* x, const float* dy, float* packed_dw) {
  execute(stream, primitive_,
          {{DNNL_ARG_SRC, &x_, x}, {DNNL_ARG_DIFF_DST, &y_, dy}, {DNNL_ARG_DIFF_WEIGHTS, &packed_, packed_dw}});
}

ConvPrimitive& conv_primitive(Stream& stream, const ConvRequest& request) {
  Stream::CpuNative& native = stream.cpu();
  return native.cached<ConvPrimitive>(key_of(request, 0), [&] { return ConvPrimitive(native.engine, request); });
}

ConvPrimitive& packed_conv_primitive(Stream& stream, const ConvRequest& request, int batch_size) {
  Stream::CpuNative& native = stream.cpu();
  return native.cached<ConvPrimitive>(key_of(request, batch_size), [&] {
    const ConvRequest packer{request.shape, ConvPass::forward, batch_size};
    return ConvPrimitive(native.engine, request, &conv_primitive(stream, packer).weights());
  });
}

}  // namespace fedscape::kernels
