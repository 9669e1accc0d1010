#include "kernels/mma.hpp"

#include <gtest/gtest.h>

namespace fedscape::kernels {
namespace {

/// Small integers, of which bf16 and all sums are exact.
float left_element(int row, int k) { return static_cast<float>((row * 7 + k * 5) % 23 - 11); }
float right_element(int k, int column) { return static_cast<float>((k * 3 + column * 13) % 19 - 9); }

std::uint32_t pair(float first, float second) {
  return to_bf16(first) | static_cast<std::uint32_t>(to_bf16(second)) << 16;
}

// Where the PTX ISA (9.7.14.5.8, mma.m16n8k16 with .bf16) puts element i of a lane's fragments, word for word:
// groupID = %laneid >> 2, threadID_in_group = %laneid % 4.
int a_row(int lane, int i) { return (0 <= i && i < 2) || (4 <= i && i < 6) ? lane >> 2 : (lane >> 2) + 8; }
int a_column(int lane, int i) { return i < 4 ? (lane % 4) * 2 + (i & 1) : (lane % 4) * 2 + (i & 1) + 8; }
int b_row(int lane, int i) { return i < 2 ? (lane % 4) * 2 + (i & 1) : (lane % 4) * 2 + (i & 1) + 8; }
int b_column(int lane, int) { return lane >> 2; }
int c_row(int lane, int i) { return i < 2 ? lane >> 2 : (lane >> 2) + 8; }
int c_column(int lane, int i) { return (lane % 4) * 2 + (i & 1); }

TEST(WarpMultiply, IsTheProductOfFragmentsThatLieAsTheIsaSays) {
  const auto left = [](int lane) {
    LeftFragment f;
    for (int r = 0; r < 4; ++r)
      f.v[r] = pair(left_element(a_row(lane, 2 * r), a_column(lane, 2 * r)),
                    left_element(a_row(lane, 2 * r + 1), a_column(lane, 2 * r + 1)));
    return f;
  };
  const auto right = [](int lane) {
    RightFragment f;
    for (int r = 0; r < 2; ++r)
      f.v[r] = pair(right_element(b_row(lane, 2 * r), b_column(lane, 2 * r)),
                    right_element(b_row(lane, 2 * r + 1), b_column(lane, 2 * r + 1)));
    return f;
  };
  for (int lane = 0; lane < 32; ++lane) {
    float sums[4] = {1, 2, 3, 4};
    warp_multiply<Bf16Words>(lane, left, right, sums);
    for (int i = 0; i < 4; ++i) {
      float expected = static_cast<float>(i + 1);
      for (int k = 0; k < 16; ++k) expected += left_element(c_row(lane, i), k) * right_element(k, c_column(lane, i));
      EXPECT_EQ(sums[i], expected) << "lane " << lane << ", sum " << i;
    }
  }
}

TEST(WarpMultiply, LoadsAndStoresFragmentsWhereTheIsaSays) {
  for (int lane = 0; lane < 32; ++lane) {
    for (int r = 0; r < 4; ++r) {
      EXPECT_EQ(left_place(lane, r).line, a_row(lane, 2 * r));
      EXPECT_EQ(2 * left_place(lane, r).word, a_column(lane, 2 * r));
      EXPECT_EQ(sum_place(lane, r).row, c_row(lane, r));
      EXPECT_EQ(sum_place(lane, r).column, c_column(lane, r));
    }
    for (int r = 0; r < 2; ++r) {
      EXPECT_EQ(right_place(lane, r).line, b_column(lane, 2 * r));
      EXPECT_EQ(2 * right_place(lane, r).word, b_row(lane, 2 * r));
    }
  }
}

// Section 9.7.14.5.7, mma.m16n8k8 with .tf32; sums as above.
int tf32_a_row(int lane, int i) { return i == 0 || i == 2 ? lane >> 2 : (lane >> 2) + 8; }
int tf32_a_column(int lane, int i) { return i == 0 || i == 1 ? lane % 4 : lane % 4 + 4; }
int tf32_b_row(int lane, int i) { return i == 0 ? lane % 4 : lane % 4 + 4; }

TEST(WarpMultiply, InTf32IsTheProductOfFragmentsThatLieAsTheIsaSays) {
  const auto left = [](int lane) {
    LeftFragment f;
    for (int r = 0; r < 4; ++r) f.v[r] = to_tf32(left_element(tf32_a_row(lane, r), tf32_a_column(lane, r)));
    return f;
  };
  const auto right = [](int lane) {
    RightFragment f;
    for (int r = 0; r < 2; ++r) f.v[r] = to_tf32(right_element(tf32_b_row(lane, r), lane >> 2));
    return f;
  };
  for (int lane = 0; lane < 32; ++lane) {
    float sums[4] = {1, 2, 3, 4};
    warp_multiply<Tf32Words>(lane, left, right, sums);
    for (int i = 0; i < 4; ++i) {
      float expected = static_cast<float>(i + 1);
      for (int k = 0; k < 8; ++k) expected += left_element(c_row(lane, i), k) * right_element(k, c_column(lane, i));
      EXPECT_EQ(sums[i], expected) << "lane " << lane << ", sum " << i;
    }
    for (int r = 0; r < 4; ++r) {
      EXPECT_EQ(left_place(lane, r).line, tf32_a_row(lane, r));
      EXPECT_EQ(left_place(lane, r).word, tf32_a_column(lane, r));
    }
    for (int r = 0; r < 2; ++r) EXPECT_EQ(right_place(lane, r).word, tf32_b_row(lane, r));
  }
}

TEST(Tf32, HoldsElevenBits) {
  const auto rounded = [](float x) { return std::bit_cast<float>(to_tf32(x)); };
  for (int i = 0; i < 1000; ++i) {
    const float x = std::ldexp(1.0f + static_cast<float>(i * 7919 % 1000) / 999.0f, i % 60 - 30);
    EXPECT_LE(std::abs(rounded(x) - x), std::ldexp(x, -11)) << x;
    EXPECT_EQ(rounded(rounded(x)), rounded(x));
    EXPECT_EQ(rounded(-x), -rounded(x));
  }
  EXPECT_EQ(rounded(1 + 0x1p-11f), 1 + 0x1p-10f);  // in the middle of two: the larger one
  EXPECT_EQ(rounded(1 + 0x1p-12f), 1.0f);
  EXPECT_EQ(rounded(2049), 2050);
  EXPECT_TRUE(std::isnan(rounded(NAN)));
  EXPECT_EQ(rounded(-INFINITY), -INFINITY);
}

TEST(Bf16Parts, HoldEightAndSixteenBits) {
  for (int i = 0; i < 1000; ++i) {
    const float x = std::ldexp(1.0f + static_cast<float>(i * 7919 % 1000) / 999.0f, i % 60 - 30);
    const float high = from_bf16(bf16_part(x, 0)), low = from_bf16(bf16_part(x, 1));
    EXPECT_LE(std::abs(high - x), std::ldexp(x, -8)) << x;
    EXPECT_LE(std::abs(high + low - x), std::ldexp(x, -16)) << x;
  }
  EXPECT_EQ(from_bf16(to_bf16(1.00390625f)), 1.0f);  // in the middle of two: the even one
  EXPECT_EQ(from_bf16(to_bf16(1.01171875f)), 1.015625f);
  EXPECT_TRUE(std::isnan(from_bf16(to_bf16(NAN))));
  EXPECT_EQ(from_bf16(to_bf16(-INFINITY)), -INFINITY);
}

}  // namespace
}  // namespace fedscape::kernels
