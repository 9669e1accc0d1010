#include "kernels/cuda/fold.hpp"

#include "tests/kernels/bodies.hpp"

namespace fedscape {
namespace {

constexpr std::int64_t kFilters = 7, kSize = 300, kRow = 5 * kFilters;  // mean, variance, scale, shift, bias

class FoldOnGrid : public testing::Test {
 protected:
  /// With what is not absent; both parts of the result behind each other.
  void expect_same(const kernels::Fold& given) {
    FEDSCAPE_BODIES(stream, fold_batch_norm).expect_same([&](auto body) {
      kernels::Fold fold = given;
      std::vector<float> folded(test::kModels * kFilters * kSize), bias(test::kModels * kFilters);
      fold.w = {w.data(), kFilters * kSize};
      fold.folded_w = {folded.data(), kFilters * kSize};
      fold.folded_bias = {bias.data(), kFilters};
      body(fold, test::kModels, kFilters, kSize);
      return test::joined(folded, bias);
    });
  }
  Slot<const float> part(int i) const { return {rows.data() + i * kFilters, kRow}; }

  Stream stream;
  std::vector<float> w = test::random_floats(test::kModels * kFilters * kSize, 1);
  std::vector<float> rows = test::random_floats(test::kModels * kRow, 2, 0.1f, 1);
  std::vector<float> map = test::random_floats(2 * kFilters, 3);
};

TEST_F(FoldOnGrid, NormsAndMapsHaveTheSameBits) {
  kernels::Fold fold{.eps = 1e-5f, .mean = part(0), .variance = part(1), .scale = part(2), .shift = part(3)};
  fold.map_scale = map.data();
  fold.map_shift = map.data() + kFilters;
  fold.bias = part(4);
  expect_same(fold);
}

TEST_F(FoldOnGrid, WhatIsAbsentIsLeftOut) {
  expect_same({});
  expect_same({.eps = 0.5f, .mean = part(0), .variance = part(1)});
  expect_same({.map_shift = map.data(), .bias = part(4)});
  expect_same({.eps = 0.5f, .mean = part(0), .variance = part(1), .shift = part(3), .map_scale = map.data()});
}

}  // namespace
}  // namespace fedscape
