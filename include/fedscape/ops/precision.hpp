#pragma once

#include <string_view>

namespace fedscape {

/// What the operands of products are rounded to when a network is evaluated; sums are taken in float32.
///   bf16:   8 significant bits, half the bytes of float32.
///   bf16x2: each operand in two halves of bf16, x = high + low, and the three products that matter: 16 significant
///   bits.
/// With AMX both are faster than float32, with AVX512_BF16 alone bf16 is; elsewhere both are emulated, slower.
enum class Precision { float32, bf16, bf16x2 };

inline constexpr const char* kPrecisionText =
    "operands of products: float32, bf16, or bf16x2 (two parts: 16 bits); faster with AMX";
/// By name; an Error says which there are.
Precision parse_precision(std::string_view name);

}  // namespace fedscape
