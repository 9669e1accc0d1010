#include "kernels/cpu/gemm.hpp"

#include <dnnl.h>

#include <algorithm>

#include "fedscape/base/check.hpp"
#include "fedscape/tensor/tensor.hpp"
#include "kernels/cpu/channel_sums.hpp"

namespace fedscape::kernels {

void multiply(std::int64_t rows, std::int64_t columns, std::int64_t inner, const float* a, std::int64_t a_stride,
              Transpose a_transpose, const float* b, std::int64_t b_stride, Transpose b_transpose, float beta, float* c,
              std::int64_t c_stride) {
  if (rows == 0 || columns == 0) return;
  if (inner == 0) {  // an empty sum; oneDNN would leave C as it is
    for (std::int64_t r = 0; beta == 0 && r < rows; ++r) std::fill_n(c + r * c_stride, columns, 0.0f);
    return;
  }
  const dnnl_status_t status = dnnl_sgemm(static_cast<char>(a_transpose), static_cast<char>(b_transpose), rows, columns,
                                          inner, 1, a, a_stride, b, b_stride, beta, c, c_stride);
  FEDSCAPE_CHECK(status == dnnl_success, "dnnl_sgemm of [{},{}] x [{},{}]: status {}", rows, inner, inner, columns,
                 static_cast<int>(status));
}

void add_bias(std::int64_t rows, std::int64_t columns, const float* bias, bool relu, float* y) {
  if (!bias && !relu) return;
  for (std::int64_t r = 0; r < rows; ++r, y += columns) {
    if (bias)
      for (std::int64_t c = 0; c < columns; ++c) y[c] += bias[c];
    if (relu)
      for (std::int64_t c = 0; c < columns; ++c) y[c] = y[c] < 0 ? 0 : y[c];
  }
}

void sum_rows(Stream& stream, std::int64_t rows, int columns, const float* x, float* sums) {
  const ArenaScope scope(stream);
  const Tensor<double> totals(stream, {columns});
  std::fill_n(totals.data(), columns, 0.0);
  for_each_chunk(rows, [&](std::int64_t begin, std::int64_t end) {
    const auto element = [=](auto tile, std::int64_t r, int c) { return load<decltype(tile)>(x + r * columns + c); };
    add_chunk(begin, end, columns, element, totals.data());
  });
  for (int c = 0; c < columns; ++c) sums[c] = static_cast<float>(totals.data()[c]);
}

}  // namespace fedscape::kernels
