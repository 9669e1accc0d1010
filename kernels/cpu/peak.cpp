#include "kernels/peak.hpp"

namespace fedscape::kernels {

float multiply_adds(Cpu, std::int64_t rounds, float value) {
  using Vector = float __attribute__((vector_size(sizeof(float) * kVectorFloats)));
  const Vector factor = Vector{} + 0.5f, term = Vector{} + 0.5f;
  Vector chains[kChains];
  for (int chain = 0; chain < kChains; ++chain) chains[chain] = Vector{} + (value + 0.001f * static_cast<float>(chain));
  for (std::int64_t round = 0; round < rounds; ++round)
    for (Vector& chain : chains) chain = chain * factor + term;
  Vector sum{};
  for (const Vector& chain : chains) sum += chain;
  return sum[0] / kChains;
}

}  // namespace fedscape::kernels
