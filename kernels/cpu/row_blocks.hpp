#pragma once

#include <cstdint>
#include <utility>

namespace fedscape::kernels {

/// Calls f(R, first) for blocks of at most Most rows that cover `rows`, all of nearly the same size R, a constant.
template <int Most, class F>
void for_each_block(std::int64_t rows, F&& f) {
  std::int64_t first = 0;
  for (std::int64_t blocks = (rows + Most - 1) / Most; blocks > 0; --blocks) {
    const std::int64_t size = (rows - first + blocks - 1) / blocks;
    [&]<int... R>(std::integer_sequence<int, R...>) {
      static_cast<void>(((size == R + 1 && (f(std::integral_constant<int, R + 1>{}, first), true)) || ...));
    }
    (std::make_integer_sequence<int, Most>{});
    first += size;
  }
}

}  // namespace fedscape::kernels
