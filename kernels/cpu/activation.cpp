#include "kernels/activation.hpp"

#include <algorithm>
#include <cmath>

#include "fedscape/base/philox_blocks.hpp"
#include "fedscape/device/team.hpp"

namespace fedscape::kernels {

namespace {

/// Calls f(offset of the model's part in a [M,B,n] array, its offset in a shared one or the same, elements) per model.
template <class F>
void for_each_model(const Batch& batch, std::int64_t n, F&& f) {
  for (int m = 0; m < batch.models; ++m) f(m, m * (batch.size * n), batch.count(m) * n);
}

/// Calls f(offset in a [M,B,n] array, its offset in a shared one, elements) for stretches that the team shares.
template <class F>
void for_each_stretch(Stream& stream, const Batch& batch, std::int64_t n, F&& f) {
  for_each_model(batch, n, [&](int, std::int64_t at, std::int64_t elements) {
    share_range(stream, elements, kLeastElements,
                [&](Stream&, std::int64_t begin, std::int64_t end) { f(at + begin, begin, end - begin); });
  });
}

}  // namespace

void leaky_relu_forward(Cpu, Stream& stream, const Batch& batch, float slope, const float* x, bool x_shared, float* y,
                        std::int64_t n) {
  for_each_stretch(stream, batch, n, [&](std::int64_t at, std::int64_t shared_at, std::int64_t elements) {
    const float* const from = x + (x_shared ? shared_at : at);
    float* const to = y + at;
#pragma omp simd
    for (std::int64_t i = 0; i < elements; ++i) to[i] = leaky_relu(from[i], slope);
  });
}

void leaky_relu_backward(Cpu, Stream& stream, const Batch& batch, float slope, const float* y, const float* dy,
                         float* dx, std::int64_t n) {
  for_each_stretch(stream, batch, n, [&](std::int64_t at, std::int64_t, std::int64_t elements) {
    const float *const out = y + at, *const from = dy + at;
    float* const to = dx + at;
#pragma omp simd
    for (std::int64_t i = 0; i < elements; ++i) to[i] = leaky_relu_gradient(out[i], from[i], slope);
  });
}

void dropout(Cpu, Stream&, const Batch& batch, float p, Purpose purpose, const RngKey* keys, const float* x,
             bool x_shared, float* y, std::int64_t n) {
  const float scale = 1 / (1 - p);
  const auto least = static_cast<std::uint32_t>(std::ceil(p * 0x1p24f)) << 8;  // uniform_of(word) >= p: word >= least
  for_each_model(batch, n, [&](int m, std::int64_t at, std::int64_t elements) {
    const float* const from = x + (x_shared ? 0 : at);
    float* const to = y + at;
    RngKey key = keys[m];
    key.purpose = purpose;
    for_each_words(key, elements, [&](std::int64_t i, const std::uint32_t* words, auto count) {
#pragma omp simd
      for (int j = 0; j < count; ++j) to[i + j] = words[j] >= least ? from[i + j] * scale : 0.0f;
    });
  });
}

void add(Cpu, Stream& stream, const Batch& batch, const float* a, bool a_shared, const float* b, bool b_shared,
         float* y, std::int64_t n) {
  for_each_stretch(stream, batch, n, [&](std::int64_t at, std::int64_t shared_at, std::int64_t elements) {
    const float* const left = a + (a_shared ? shared_at : at);
    const float* const right = b + (b_shared ? shared_at : at);
    float* const to = y + at;
#pragma omp simd
    for (std::int64_t i = 0; i < elements; ++i) to[i] = left[i] + right[i];
  });
}

void copy_channels(Cpu, Stream&, const Batch& batch, const float* from, bool from_shared, int from_channels,
                   int from_first, float* to, int to_channels, int to_first, int channels, std::int64_t positions) {
  for_each_model(batch, positions, [&](int, std::int64_t at, std::int64_t elements) {
    const float* source = from + (from_shared ? 0 : at) * from_channels + from_first;
    float* target = to + at * to_channels + to_first;
    for (std::int64_t i = 0; i < elements; ++i, source += from_channels, target += to_channels)
      std::copy_n(source, channels, target);
  });
}

}  // namespace fedscape::kernels
