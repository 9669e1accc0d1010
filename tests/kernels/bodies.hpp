#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "kernels/backend.hpp"
#include "tests/kernels/host_grid.hpp"
#include "tests/support/devices.hpp"
#include "tests/support/op_cases.hpp"

namespace fedscape::test {

template <class T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return std::ranges::equal(std::as_bytes(std::span(a)), std::as_bytes(std::span(b)));
}

/// The CPU's body of an op and the one for a Grid (see FEDSCAPE_BODIES), which do the same.
template <class OnCpu, class OnGrid>
class Bodies {
 public:
  Bodies(Stream& stream, OnCpu cpu, OnGrid grid) : stream_(stream), cpu_(cpu), grid_(grid) {}

  /// f(body) calls body(arguments...) and returns a vector of what that wrote. On the grid it has the same bits
  /// backwards, and it is within `tolerance`, relative to 1 + magnitude, of what the CPU's body gives.
  template <class F>
  void expect_same(F&& f, double tolerance = 0) const {
    const HostGrid order(stream_), reverse(stream_, true);
    const auto expected = f([this](auto&&... arguments) { return cpu_(stream_, arguments...); });
    const auto values = f([&](auto&&... arguments) { return grid_(order, arguments...); });
    const auto backwards = f([&](auto&&... arguments) { return grid_(reverse, arguments...); });
    EXPECT_TRUE(same_bits(values, backwards)) << "the order of threads shows";
    ASSERT_EQ(values.size(), expected.size());
    if (tolerance == 0) {
      EXPECT_TRUE(same_bits(values, expected));
    } else {
      for (std::size_t i = 0; i < values.size(); ++i) {
        const auto wanted = static_cast<double>(expected[i]);
        ASSERT_NEAR(static_cast<double>(values[i]), wanted, tolerance * (1 + std::abs(wanted))) << i;
      }
    }
  }

 private:
  Stream& stream_;
  OnCpu cpu_;
  OnGrid grid_;
};

/// Both bodies of the op `name`, to be called without the tag and the stream or the grid.
#define FEDSCAPE_BODIES(stream, name)                                                        \
  ::fedscape::test::Bodies(                                                                  \
      stream,                                                                                \
      [](::fedscape::Stream& of_call, auto&&... arguments) {                                 \
        return ::fedscape::kernels::name(::fedscape::kernels::Cpu{}, of_call, arguments...); \
      },                                                                                     \
      [](const ::fedscape::test::HostGrid& host_grid, auto&&... arguments) {                 \
        return ::fedscape::kernels::on_grid::name(host_grid, arguments...);                  \
      })

/// Five models: all samples real, fewer, none.
inline constexpr int kModels = 5;

/// One array behind the other.
template <class T>
std::vector<T> joined(std::vector<T> first, const std::vector<T>& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

inline std::vector<std::int32_t> some_labels(std::int64_t n, int C) {
  std::vector<std::int32_t> labels;
  for (const float x : random_floats(n, 77, 0, 1))
    labels.push_back(static_cast<std::int32_t>(x * static_cast<float>(C)));
  return labels;
}

}  // namespace fedscape::test
