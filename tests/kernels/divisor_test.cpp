#include "kernels/divisor.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace fedscape::kernels {
namespace {

TEST(Divisor, DividesAsTheProcessorDoes) {
  constexpr std::uint32_t kMost = std::numeric_limits<std::int32_t>::max();
  for (const std::uint32_t d : {1u,
                                2u,
                                3u,
                                5u,
                                7u,
                                9u,
                                25u,
                                28u,
                                49u,
                                64u,
                                127u,
                                576u,
                                641u,
                                1000u,
                                65535u,
                                65536u,
                                65537u,
                                6700417u,
                                (1u << 30) - 1,
                                1u << 30,
                                (1u << 30) + 1,
                                kMost - 1,
                                kMost}) {
    const Divisor by(d);
    for (std::uint32_t q : {0u, 1u, 2u, 3u, 1000u, kMost / d / 2, kMost / d - 1, kMost / d})
      for (const std::uint32_t n : {q * d - 1, q * d, q * d + 1, q * d + d / 2, q * d + (d - 1)}) {
        if (n > kMost) continue;
        ASSERT_EQ(by.quotient(n), n / d) << n << " / " << d;
        ASSERT_EQ(by.rest(n, by.quotient(n)), n % d) << n << " % " << d;
      }
    for (std::uint32_t n = 0; n <= kMost; n += 1000003) ASSERT_EQ(by.quotient(n), n / d) << n << " / " << d;
  }
}

}  // namespace
}  // namespace fedscape::kernels
