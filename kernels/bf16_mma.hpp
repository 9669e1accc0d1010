#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

#include "fedscape/base/host_device.hpp"

/// A warp's product of matrices of bf16, [16,16] times [16,8], as tensor cores take it: mma.m16n8k16 of the PTX ISA,
/// whose operands lie in the registers of 32 lanes, two elements in one.
namespace fedscape::kernels {

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

/// Row or column, and place in the depth, of the first of the two elements in a register.
struct FragmentPlace {
  int line, depth;
};
/// Register 0..3 of the left operand.
FEDSCAPE_HOST_DEVICE constexpr FragmentPlace left_place(int lane, int i) {
  return {lane / 4 + i % 2 * 8, lane % 4 * 2 + i / 2 * 8};
}
/// Register 0..1 of the right operand.
FEDSCAPE_HOST_DEVICE constexpr FragmentPlace right_place(int lane, int i) { return {lane / 4, lane % 4 * 2 + i * 8}; }
/// Row and column of sum 0..3.
struct SumPlace {
  int row, column;
};
FEDSCAPE_HOST_DEVICE constexpr SumPlace sum_place(int lane, int i) {
  return {lane / 4 + i / 2 * 8, lane % 4 * 2 + i % 2};
}

struct LeftFragment {
  std::uint32_t v[4];
};
struct RightFragment {
  std::uint32_t v[2];
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

/// Adds the product to a lane's four sums. All lanes of a warp call it.
template <class Left, class Right>
__device__ void warp_multiply(int lane, const Left& left, const Right& right, float (&sums)[4]) {
  const LeftFragment a = left(lane);
  const RightFragment b = right(lane);
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
      : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
      : "r"(a.v[0]), "r"(a.v[1]), "r"(a.v[2]), "r"(a.v[3]), "r"(b.v[0]), "r"(b.v[1]));
}

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
template <class Left, class Right>
FEDSCAPE_HOST_DEVICE void warp_multiply(int lane, const Left& left, const Right& right, float (&sums)[4]) {
  for (int i = 0; i < 4; ++i) {
    const SumPlace at = sum_place(lane, i);
    LeftFragment a[4];
    RightFragment b[4];
    for (int holder = 0; holder < 4; ++holder) {
      a[holder] = left(at.row % 8 * 4 + holder);
      b[holder] = right(at.column * 4 + holder);
    }
    for (int k = 0; k < 16; ++k) {
      const int holder = k % 8 / 2, shift = k % 2 * 16;
      const std::uint32_t x = a[holder].v[at.row / 8 + k / 8 * 2] >> shift & 0xffff;
      const std::uint32_t y = b[holder].v[k / 8] >> shift & 0xffff;
      sums[i] = std::fma(from_bf16(x), from_bf16(y), sums[i]);
    }
  }
}

#endif

}  // namespace fedscape::kernels
