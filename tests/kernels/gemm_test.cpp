#include <gtest/gtest.h>

#include <cmath>

#include "kernels/gemm_blocks.hpp"
#include "tests/kernels/block_case.hpp"
#include "tests/support/op_cases.hpp"

namespace fedscape {
namespace {

using kernels::Index;
using test::BlockBody;
using test::HostLaunch;
using test::last_of;
using test::row_slots;
using test::samples_of;

/// The bodies of cases::linear, in its order.
std::vector<BlockBody> linear_bodies(int I, int O) {
  const std::int64_t size = std::int64_t{I} * O;
  const kernels::LinearShape shape{1, static_cast<Index>(I), static_cast<Index>(O)};
  return {[=](HostLaunch& launch, const Batch& batch, Inputs in, Outputs out) {
            kernels::linear_forward_blocks(launch, shape, batch, samples_of(in[0]), last_of(in[1], size, O),
                                           last_of(in[1], O, 0), {}, true, row_slots(out[0]));
          },
          [=](HostLaunch& launch, const Batch& batch, Inputs in, Outputs out) {
            kernels::linear_backward_data_blocks(launch, shape, batch, samples_of(in[0]), last_of(in[1], size, O),
                                                 row_slots(out[0]));
          },
          [=](HostLaunch& launch, const Batch& batch, Inputs in, Outputs out) {
            kernels::linear_backward_weights_blocks(launch, shape, batch, samples_of(in[0]), samples_of(in[1]),
                                                    row_slots(out[0]), row_slots(out[1]));
          }};
}

class LinearBlocks : public testing::TestWithParam<cases::LinearSize> {};

TEST_P(LinearBlocks, AgreeWithTheirOraclesWhateverSurroundsThem) {
  const std::vector<OpCase> ops = cases::linear(GetParam());
  const std::vector<BlockBody> bodies = linear_bodies(GetParam().in, GetParam().out);
  for (std::size_t i = 0; i < ops.size(); ++i) test::expect_blocks(ops[i], bodies[i]);
}

TEST_P(LinearBlocks, InTf32MultiplyTheSameElements) {
  const std::vector<OpCase> ops = cases::linear(GetParam());
  const std::vector<BlockBody> bodies = linear_bodies(GetParam().in, GetParam().out);
  for (std::size_t i = 0; i < ops.size(); ++i) test::expect_blocks_in_tf32(ops[i], bodies[i]);
}

/// Those of the ops' own test, then one or more for each tile, and batches of several pieces.
std::vector<cases::LinearSize> sizes() {
  std::vector<cases::LinearSize> all = cases::linear_sizes();
  for (const cases::LinearSize& size : std::vector<cases::LinearSize>{{3, 130, 5, 7},
                                                                      {2, 131, 21, 16},
                                                                      {2, 140, 40, 32},
                                                                      {2, 129, 12, 64},
                                                                      {2, 150, 130, 128},
                                                                      {3, 2050, 6, 9},
                                                                      {2, 1025, 3, 4}})
    all.push_back(size);
  return all;
}

INSTANTIATE_TEST_SUITE_P(Sizes, LinearBlocks, testing::ValuesIn(sizes()));

/// sum over the depth of random matrices by one kind of tile.
template <class T>
std::vector<float> product_of(const std::vector<float>& left, const std::vector<float>& right, Index depth) {
  Stream stream;
  const int rows = static_cast<int>(left.size() / depth);
  const Index columns = static_cast<Index>(right.size()) / depth;
  std::vector<float> y(static_cast<std::size_t>(rows) * columns, NAN);
  const std::vector<int> counts{rows};
  HostLaunch launch(stream, {1, rows, counts}, test::Order::forward);
  using Blocks = kernels::OutputBlocks<T, kernels::MatrixOutputs<true>>;
  const kernels::MatrixOutputs<true> p{1,  depth, columns, {left.data(), 0}, {right.data(), 0},
                                       {}, {},    false,   {y.data(), 0}};
  launch(Blocks(p, counts.data()), Blocks::blocks_of(p, rows), 1);
  return y;
}

template <class... Tiles>
void expect_same_products(kernels::TileList<Tiles...>) {
  const Index depth = 37;
  std::vector<float> left(131 * depth), right(135 * depth);
  fill_normal({1, Purpose::test, 0}, 0, 1, left);
  fill_normal({1, Purpose::test, 1}, 0, 1, right);
  const std::vector<std::vector<float>> products{product_of<Tiles>(left, right, depth)...};
  for (const std::vector<float>& product : products) EXPECT_EQ(product, products[0]);
}

TEST(ProductTiles, AllGiveTheSameBits) {
  expect_same_products(kernels::OutputTiles());
  expect_same_products(kernels::WeightTiles());
  expect_same_products(kernels::Tf32OutputTiles());
  expect_same_products(kernels::Tf32WeightTiles());
}

TEST(ProductTiles, OfTf32RoundBothOperands) {
  const float x = 1 + 0x1p-12f;
  using T = kernels::Tf32Tile<16, 64, 16, 16>;
  EXPECT_EQ((product_of<kernels::Tile<16, 64, 4, 4>>({x}, {1}, 1)), std::vector{x});
  EXPECT_EQ(product_of<T>({x}, {1}, 1), std::vector{1.0f});
  EXPECT_EQ(product_of<T>({1}, {x}, 1), std::vector{1.0f});
}

/// The size of the tile that a product is computed in.
std::pair<int, int> tile_of(std::int64_t rows, std::int64_t columns) {
  std::pair<int, int> size;
  kernels::with_best_tile(kernels::OutputTiles(), rows, columns, [&]<class T>(T) { size = {T::kRows, T::kColumns}; });
  return size;
}

TEST(ProductTiles, FitSmallBatchesAndFewFilters) {
  EXPECT_EQ(tile_of(10, 512), std::pair(16, 64));
  EXPECT_EQ(tile_of(10 * 28 * 28, 6), std::pair(128, 8));
  EXPECT_EQ(tile_of(10 * 32 * 32, 16), std::pair(128, 16));
  EXPECT_EQ(tile_of(128 * 64, 256), std::pair(128, 128));
}

TEST(WeightPieces, DoNotDependOnTheSizeOfTheBatch) {
  OpCase small = cases::linear({1, 1100, 6, 9})[2], large = cases::linear({1, 3000, 6, 9})[2];
  large.counts = small.counts;
  const BlockBody body = linear_bodies(6, 9)[2];
  std::vector<Floats> outputs;
  for (OpCase* op : {&small, &large}) {
    op->run = [&](Stream& stream, const Batch& batch, Inputs in, Outputs out) {
      HostLaunch launch(stream, batch, test::Order::forward);
      body(launch, batch, in, out);
    };
    Stream stream;
    OpRun run(*op, stream, make_inputs(*op));
    run();
    outputs.push_back(run.outputs());
  }
  EXPECT_EQ(outputs[0], outputs[1]);
}

}  // namespace
}  // namespace fedscape
