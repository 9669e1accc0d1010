#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

#include "fedscape/base/host_device.hpp"

/// A warp's product of matrices of 16 rows and 8 columns, as tensor cores take it: mma.m16n8k16 of bf16 and mma.m16n8k8
/// of tf32 of the PTX ISA, whose operands lie in the registers of 32 lanes. A register, or word, holds two neighbours
/// in the depth in bf16, one element in tf32; the words of both lie alike, eight to a line.
namespace fedscape::kernels {

using Word = std::uint32_t;
using Bf16 = std::uint16_t;  // the upper half of a float32

/// The nearest bf16, ties to even; what is not finite stays that.
FEDSCAPE_HOST_DEVICE inline Bf16 to_bf16(float x) {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  if (x != x) return static_cast<Bf16>(bits >> 16 | 0x40);
  return static_cast<Bf16>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}
FEDSCAPE_HOST_DEVICE inline float from_bf16(std::uint32_t x) { return std::bit_cast<float>(x << 16); }

/// Part 0 of x is its bf16, part 1 that of what it lacks.
FEDSCAPE_HOST_DEVICE inline Bf16 bf16_part(float x, int part) {
  const Bf16 high = to_bf16(x);
  return part == 0 ? high : to_bf16(x - from_bf16(high));
}

/// The nearest of 11 significant bits, ties away from zero, as cvt.rna.tf32 rounds; what is not finite stays that.
FEDSCAPE_HOST_DEVICE inline Word to_tf32(float x) {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  if ((bits & 0x7f800000u) == 0x7f800000u) return x != x ? bits | 0x400000u : bits;
  return (bits + 0x1000u) & ~0x1fffu;
}

/// Row or column, and word of its line.
struct FragmentPlace {
  int line, word;
};
/// Register 0..3 of the left operand.
FEDSCAPE_HOST_DEVICE constexpr FragmentPlace left_place(int lane, int i) {
  return {lane / 4 + i % 2 * 8, lane % 4 + i / 2 * 4};
}
/// Register 0..1 of the right operand.
FEDSCAPE_HOST_DEVICE constexpr FragmentPlace right_place(int lane, int i) { return {lane / 4, lane % 4 + i * 4}; }
/// Row and column of sum 0..3.
struct SumPlace {
  int row, column;
};
FEDSCAPE_HOST_DEVICE constexpr SumPlace sum_place(int lane, int i) {
  return {lane / 4 + i / 2 * 8, lane % 4 * 2 + i % 2};
}

struct LeftFragment {
  Word v[4];
};
struct RightFragment {
  Word v[2];
};

/// What a word holds, and the product of two.
struct Bf16Words {
  static constexpr int kElements = 2;
  FEDSCAPE_HOST_DEVICE static float add_product(Word a, Word b, float sum) {
    sum = std::fma(from_bf16(a & 0xffff), from_bf16(b & 0xffff), sum);
    return std::fma(from_bf16(a >> 16), from_bf16(b >> 16), sum);
  }
};
struct Tf32Words {
  static constexpr int kElements = 1;
  FEDSCAPE_HOST_DEVICE static float add_product(Word a, Word b, float sum) {
    return std::fma(std::bit_cast<float>(a), std::bit_cast<float>(b), sum);
  }
};

#ifdef __CUDA_ARCH__

/// A lane's registers of an operand, loaded once: load(lane) reads them from shared memory.
template <class Load>
class Held {
 public:
  __device__ void take(const Load& load, int lane) { fragment_ = load(lane); }
  __device__ const auto& operator()(int) const { return fragment_; }

 private:
  typename Load::Fragment fragment_;
};

#define FEDSCAPE_MMA(shape_and_types)                                                                       \
  asm volatile("mma.sync.aligned." shape_and_types " {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};" \
               : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])                                 \
               : "r"(a.v[0]), "r"(a.v[1]), "r"(a.v[2]), "r"(a.v[3]), "r"(b.v[0]), "r"(b.v[1]))

/// Adds the product to a lane's four sums. All lanes of a warp call it.
template <class Words, class Left, class Right>
__device__ void warp_multiply(int lane, const Left& left, const Right& right, float (&sums)[4]) {
  const LeftFragment a = left(lane);
  const RightFragment b = right(lane);
  if constexpr (Words::kElements == 2)
    FEDSCAPE_MMA("m16n8k16.row.col.f32.bf16.bf16.f32");
  else
    FEDSCAPE_MMA("m16n8k8.row.col.f32.tf32.tf32.f32");
}

#undef FEDSCAPE_MMA

#else

/// On the host a lane asks for those of the others, where it needs them.
template <class Load>
class Held {
 public:
  FEDSCAPE_HOST_DEVICE void take(const Load& load, int) { load_ = load; }
  FEDSCAPE_HOST_DEVICE auto operator()(int lane) const { return load_(lane); }

 private:
  Load load_;
};

/// The same, from the registers of the lanes that hold what this lane's sums need.
template <class Words, class Left, class Right>
FEDSCAPE_HOST_DEVICE void warp_multiply(int lane, const Left& left, const Right& right, float (&sums)[4]) {
  for (int i = 0; i < 4; ++i) {
    const SumPlace at = sum_place(lane, i);
    LeftFragment a[4];
    RightFragment b[4];
    for (int holder = 0; holder < 4; ++holder) {
      a[holder] = left(at.row % 8 * 4 + holder);
      b[holder] = right(at.column * 4 + holder);
    }
    for (int word = 0; word < 8; ++word)
      sums[i] = Words::add_product(a[word % 4].v[at.row / 8 + word / 4 * 2], b[word % 4].v[word / 4], sums[i]);
  }
}

#endif

}  // namespace fedscape::kernels
