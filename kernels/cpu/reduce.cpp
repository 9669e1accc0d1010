#include "kernels/reduce.hpp"

#include <algorithm>

#include "fedscape/device/team.hpp"
#include "kernels/cpu/lanes.hpp"

namespace fedscape::kernels {

void axpby(Cpu, Stream& stream, float a, const float* x, float b, float* y, std::int64_t n) {
  share_range(stream, n, kLeastElements, [&](Stream&, std::int64_t begin, std::int64_t end) {
    if (b == 0) {
#pragma omp simd
      for (std::int64_t i = begin; i < end; ++i) y[i] = a * x[i];
    } else {
#pragma omp simd
      for (std::int64_t i = begin; i < end; ++i) y[i] = a * x[i] + b * y[i];
    }
  });
}

void fill(Cpu, Stream&, float value, float* x, std::int64_t n) { std::fill(x, x + n, value); }
void fill(Cpu, Stream&, std::int64_t value, std::int64_t* x, std::int64_t n) { std::fill(x, x + n, value); }

void repeat_rows(Cpu, Stream&, const float* x, std::int64_t given, float* out, std::int64_t rows, std::int64_t P) {
  for (std::int64_t m = 0; m < rows; ++m) std::copy_n(x + m % given * P, P, out + m * P);
}

ops::Moments moments(Cpu, Stream&, const float* x, const float* reference, std::int64_t n) {
  const auto value = [](float v) { return static_cast<double>(v); };
  ops::Moments result;
  result.sum = sum_in_lanes(n, [=](std::int64_t i) { return value(x[i]); });
  result.squares = sum_in_lanes(n, [=](std::int64_t i) { return value(x[i]) * value(x[i]); });
  if (reference == nullptr) return result;
  std::int64_t same = 0, compared = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    const bool both = (x[i] != 0) & (reference[i] != 0);
    compared += both;
    same += both & ((x[i] > 0) == (reference[i] > 0));
  }
  result.same_sign = static_cast<double>(same);
  result.compared = static_cast<double>(compared);
  return result;
}

double dot(Cpu, Stream&, const float* x, const float* y, std::int64_t n) {
  return sum_in_lanes(n, [=](std::int64_t i) { return static_cast<double>(x[i]) * static_cast<double>(y[i]); });
}

}  // namespace fedscape::kernels
