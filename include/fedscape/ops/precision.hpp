#pragma once

#include <array>
#include <string_view>

#include "fedscape/device/stream.hpp"

namespace fedscape {

/// What the operands of products are rounded to when a network is evaluated; sums are taken in float32.
///   tf32:   11 significant bits: on CUDA devices alone, of all products and not only of those with packed weights.
///   bf16:   8 significant bits, half the bytes of float32.
///   bf16w2: weights in two parts of bf16, w = high + low, which hold 16 bits; inputs in one. The rounding of inputs
///           averages out over samples, that of weights does not.
///   bf16x2: weights and inputs in two parts, and of their four products the three that matter.
/// With AMX the last three are faster than float32, with AVX512_BF16 alone bf16 is; elsewhere they are emulated,
/// slower.
enum class Precision { float32, tf32, bf16, bf16w2, bf16x2 };

inline constexpr std::array<std::string_view, 5> kPrecisionNames{"float32", "tf32", "bf16", "bf16w2", "bf16x2"};
/// By name; an Error says which there are.
Precision parse_precision(std::string_view name);

/// What training can take its products in.
inline constexpr std::array<std::string_view, 2> kTrainingPrecisions{"float32", "tf32"};
/// From now on the stream's products are in tf32, or not; an Error where tf32 is asked of a CPU.
void use_tf32(Stream& stream, bool tf32);

}  // namespace fedscape
