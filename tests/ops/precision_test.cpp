#include "fedscape/ops/precision.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "kernels/cpu/bf16_product.hpp"
#include "kernels/cpu/conv_bf16.hpp"
#include "tests/support/message_of.hpp"
#include "tests/support/op_cases.hpp"

namespace fedscape {
namespace {

namespace bf16 = kernels::bf16;
using testing::HasSubstr;

TEST(Precision, IsKnownByItsNames) {
  EXPECT_EQ(parse_precision("float32"), Precision::float32);
  EXPECT_EQ(parse_precision("tf32"), Precision::tf32);
  EXPECT_EQ(parse_precision("bf16"), Precision::bf16);
  EXPECT_EQ(parse_precision("bf16w2"), Precision::bf16w2);
  EXPECT_EQ(parse_precision("bf16x2"), Precision::bf16x2);
  EXPECT_THAT(test::message_of([] { parse_precision("half"); }), HasSubstr("precision is 'half'"));
}

float value_of(bf16::Bf16 high) {
  const std::uint32_t bits = std::uint32_t{high} << 16;
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

TEST(Bf16, IsTheNearestAndTwoPartsHoldTwiceAsManyBits) {
  std::vector<float> x;
  for (int i = 0; i < 1000; ++i)
    x.push_back(std::ldexp(1.0f + static_cast<float>(i * 7919 % 1000) / 999.0f, i % 60 - 30));
  x.insert(x.end(), {0.0f, -0.0f, 1.00390625f, 1.01171875f, -3.0f});  // the third and fourth lie in the middle of two
  for (const std::size_t size : {x.size(), std::size_t{1}, std::size_t{19}}) {
    std::vector<bf16::Bf16> high(size + 1, 7), low(size + 1, 7), alone(size + 1, 7);
    bf16::round_to_bf16(static_cast<std::int64_t>(size), x.data(), high.data(), low.data());
    bf16::round_to_bf16(static_cast<std::int64_t>(size), x.data(), alone.data(), nullptr);
    EXPECT_EQ(high, alone);
    EXPECT_EQ(high.back(), 7) << "wrote behind the end";
    EXPECT_EQ(low.back(), 7) << "wrote behind the end";
    for (std::size_t i = 0; i < size; ++i) {
      EXPECT_LE(std::abs(value_of(high[i]) - x[i]), std::ldexp(std::abs(x[i]), -8)) << x[i];
      EXPECT_LE(std::abs(value_of(high[i]) + value_of(low[i]) - x[i]), std::ldexp(std::abs(x[i]), -16)) << x[i];
    }
  }
  const float middle[2] = {1.00390625f, 1.01171875f};
  bf16::Bf16 even[2];
  bf16::round_to_bf16(2, middle, even, nullptr);
  EXPECT_EQ(value_of(even[0]), 1.0f);
  EXPECT_EQ(value_of(even[1]), 1.015625f);
}

TEST(Bf16, WhatIsNotFiniteStaysThat) {
  for (const float x : {NAN, -NAN, INFINITY, -INFINITY}) {
    bf16::Bf16 high, low;
    bf16::round_to_bf16(1, &x, &high, &low);
    EXPECT_FALSE(std::isfinite(value_of(high)));
    EXPECT_EQ(std::isnan(value_of(high)), std::isnan(x));
  }
}

/// Where the processor has no AMX, both are the same.
TEST(Bf16, RegistersAddUpWhatTilesDo) {
  const bf16::Depth depth{2, 70};
  const std::int64_t rows = 75, columns = 50, length = 140;
  std::vector<float> x(static_cast<std::size_t>(bf16::tiles(rows) * bf16::kTile * length + bf16::kTileDepth));
  std::vector<float> w(static_cast<std::size_t>(columns * length));
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::sin(static_cast<float>(i));
  for (std::size_t i = 0; i < w.size(); ++i) w[i] = std::cos(static_cast<float>(i));
  std::vector<bf16::Bf16> high(x.size()), low(x.size());
  bf16::round_to_bf16(std::ssize(x), x.data(), high.data(), low.data());
  for (const auto& [two, two_of_left] : {std::pair(false, false), {true, false}, {true, true}}) {
    const bf16::Bf16* const lower = two_of_left ? low.data() : nullptr;
    std::vector<bf16::Bf16> packed(static_cast<std::size_t>(bf16::Right::size(depth, columns, two)));
    bf16::Right::pack(depth, columns, two, w.data(), packed.data());
    const bf16::Right right{depth, two, packed.data()};
    const auto product = [&](bool by_amx) {
      std::vector<float> all(static_cast<std::size_t>(rows * columns), NAN);
      const bf16::Multiplier multiply(by_amx);
      multiply({high.data(), lower, length, 70}, rows, right, columns, [&](const bf16::Sums& s) {
        for (int r = 0; r < s.rows; ++r)
          std::copy_n(s.data + r * s.pitch, s.columns, all.begin() + (s.row + r) * columns + s.column);
      });
      return all;
    };
    const auto tiles = product(bf16::Multiplier::has_amx()), registers = product(false);
    for (std::size_t i = 0; i < tiles.size(); ++i) ASSERT_NEAR(tiles[i], registers[i], 1e-4) << i;
  }
}

/// Integers of 8 bits, and of 16 in two parts, are not rounded, so a convolution of them is exact while its sums are
/// below 2^24.
TEST(Bf16, ConvolutionsOfSmallIntegersAreExact) {
  for (const auto& [name, s] : cases::network_convs()) {
    if (!bf16::serves(s)) continue;
    Stream stream;
    const int count = 3;
    for (const auto& [precision, inputs, weights] :
         {std::tuple(Precision::bf16, 100, 7), {Precision::bf16w2, 16, 601}, {Precision::bf16x2, 2017, 7}}) {
      std::vector<float> x(static_cast<std::size_t>(count * s.input().size()));
      std::vector<float> w(static_cast<std::size_t>(s.weights().size()));
      for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(static_cast<int>(i * 7919 % 2017) % inputs);
      for (std::size_t i = 0; i < w.size(); ++i)
        w[i] = static_cast<float>(static_cast<int>(i * 31) % weights - weights / 2);
      const Tensor<float> packed(stream, {bf16::packed_size(s, precision)}), y(stream, s.output().under(count));
      bf16::pack(s, precision, w.data(), packed.data());
      bf16::forward(stream, s, precision, count, x.data(), packed.data(), nullptr, nullptr, false, y.data());
      const Tensor<float> expected(stream, s.output().under(count).under(1));
      const std::vector<int> counts{count};
      ops::conv_forward(stream, s, {1, count, counts}, View<const float>(x.data(), s.input().under(count).under(1)),
                        {w.data(), 0}, {}, false, expected);
      for (std::int64_t i = 0; i < y.size(); ++i)
        ASSERT_EQ(y.data()[i], std::round(expected.data()[i])) << name << ", output " << i;  // Winograd rounds
    }
  }
}

TEST(Bf16, ASamplesOutputsDoNotDependOnTheOthers) {
  for (const ops::ConvShape& s : {ops::ConvShape{1, 1, 70, 35}, {8, 7, 16, 40, 3, 3, 1, 1, 1, 1}, {5, 4, 6, 9, 5, 4}}) {
    Stream stream;
    const int count = 37;
    std::vector<float> x(static_cast<std::size_t>(count * s.input().size()));
    std::vector<float> w(static_cast<std::size_t>(s.weights().size()));
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::sin(static_cast<float>(i));
    for (std::size_t i = 0; i < w.size(); ++i) w[i] = std::cos(static_cast<float>(i));
    const std::int64_t in = s.input().size(), out = s.output().size();
    std::fill_n(x.begin() + in, in, NAN);
    const Tensor<float> packed(stream, {bf16::packed_size(s, Precision::bf16x2)}), all(stream, {count, out}),
        alone(stream, {out});
    bf16::pack(s, Precision::bf16x2, w.data(), packed.data());
    bf16::forward(stream, s, Precision::bf16x2, count, x.data(), packed.data(), nullptr, nullptr, false, all.data());
    for (const int sample : {0, 2, 17, 36}) {
      bf16::forward(stream, s, Precision::bf16x2, 1, x.data() + sample * in, packed.data(), nullptr, nullptr, false,
                    alone.data());
      for (std::int64_t i = 0; i < out; ++i) ASSERT_EQ(alone.data()[i], all.data()[sample * out + i]) << s.height;
    }
  }
}

}  // namespace
}  // namespace fedscape
