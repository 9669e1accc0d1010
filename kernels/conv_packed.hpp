#pragma once

#include "kernels/bf16_blocks.hpp"
#include "kernels/conv_bodies.hpp"

/// The bodies of the packed convolutions of ops/conv.hpp. Weights of float32 are packed as they are.
namespace fedscape::kernels {

/// Calls f with the parts that a precision takes operands in, or returns false where the convolution stays in float32:
/// in groups, with dilation, or with too few channels to fill half of a step.
template <class F>
bool in_parts(const ConvShape& s, Precision precision, F&& f) {
  const bool served = s.groups == 1 && s.dilation_y == 1 && s.dilation_x == 1 && s.kernel_x * s.channels >= 16;
  if (!served) return false;
  switch (precision) {
    case Precision::float32:
    case Precision::tf32:
      return false;
    case Precision::bf16:
      f(Parts<1, 1>());
      return true;
    case Precision::bf16w2:
      f(Parts<1, 2>());
      return true;
    case Precision::bf16x2:
      f(Parts<2, 2>());
      return true;
  }
  return false;
}

struct CopyWeights {
  Slot<const float> w;
  Slot<float> packed;
  Index weights;
  FEDSCAPE_HOST_DEVICE Index size() const { return weights; }
  FEDSCAPE_HOST_DEVICE void operator()(int m, Index i) const { row_of(packed, m)[i] = row_of(w, m)[i]; }
};

/// A word of the packed filters: two neighbours in the depth.
struct PackWords {
  Slot<const float> w;  // [filters, depth]
  Slot<float> packed;   // [parts, filters, packed_words(depth)]
  Index filters, depth, parts;
  Divisor by_words, by_filters;

  FEDSCAPE_HOST_DEVICE Index size() const { return parts * filters * by_words.divisor(); }
  FEDSCAPE_HOST_DEVICE std::uint32_t half(const float* filter, Index k, int part) const {
    return k < depth ? bf16_part(filter[k], part) : Bf16{0};
  }
  FEDSCAPE_HOST_DEVICE void operator()(int m, Index i) const {
    const Index line = by_words.quotient(i), k = by_words.rest(i, line) * 2;
    const auto part = static_cast<int>(by_filters.quotient(line));
    const float* const filter = row_of(w, m) + by_filters.rest(line, static_cast<Index>(part)) * depth;
    reinterpret_cast<std::uint32_t*>(row_of(packed, m))[i] = half(filter, k, part) | half(filter, k + 1, part) << 16;
  }
};

inline std::int64_t conv_packed_floats(const ConvShape& s, Precision precision) {
  std::int64_t size = s.weights().size();
  in_parts(s, precision, [&]<int kInputs, int kFilters>(Parts<kInputs, kFilters>) {
    size = std::int64_t{kFilters} * s.filters * packed_words(index_of(size / s.filters));
  });
  return size;
}

template <class Launch>
void conv_pack_blocks(Launch& launch, const ConvShape& s, Precision precision, int models, Slot<const float> w,
                      Slot<float> packed) {
  index_of(conv_packed_floats(s, precision));
  const Index weights = index_of(s.weights().size()), filters = static_cast<Index>(s.filters);
  const bool done = in_parts(s, precision, [&]<int kInputs, int kFilters>(Parts<kInputs, kFilters>) {
    const Index depth = weights / filters;
    launch_elements(
        launch, PackWords{w, packed, filters, depth, kFilters, Divisor(packed_words(depth)), Divisor(filters)}, models);
  });
  if (!done) launch_elements(launch, CopyWeights{w, packed, weights}, models);
}

template <class Launch>
void conv_forward_packed_blocks(Launch& launch, const ConvShape& s, Precision precision, const Batch& batch,
                                Slot<const float> x, Slot<const float> packed, Slot<const float> bias,
                                Slot<const float> residual, bool relu, Slot<float> y) {
  check_sizes(s, batch);
  const bool done = in_parts(s, precision, [&]<class P>(P) {
    if (const auto linear = linear_shape_of(s))
      multiply_in_parts<P>(launch, batch, outputs_of(*linear, x, packed, bias, residual, relu, y));
    else
      multiply_in_parts<P>(launch, batch, outputs_of(s, x, packed, bias, residual, relu, y));
  });
  if (!done) conv_forward_blocks(launch, s, batch, x, packed, bias, residual, relu, y);
}

}  // namespace fedscape::kernels
