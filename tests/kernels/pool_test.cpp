#include "kernels/cuda/pool.hpp"

#include <gtest/gtest.h>

#include "tests/kernels/expect_on_grid.hpp"
#include "tests/support/op_cases.hpp"

namespace fedscape {
namespace {

using kernels::AdaptiveShape;
using ops::PoolShape;
using test::rows_for;
using test::rows_for_out;

std::vector<PoolShape> shapes() {
  std::vector<PoolShape> all;
  for (const int channels : {1, 6, 43})
    for (const PoolShape& shape : {PoolShape{8, 10, channels},
                                   {9, 7, channels},
                                   {9, 7, channels, 3, 3, 2, 2, 1, 1},
                                   {7, 7, channels, 3, 2, 2, 3, 1, 0, true, false},
                                   {6, 5, channels, 2, 2, 3, 3, 1, 1, true, true}})
      all.push_back(shape);
  return all;
}

TEST(PoolOnGrid, MaximaAndTheirGradientsAreRight) {
  for (const PoolShape& shape : shapes()) {
    const std::vector<OpCase> max = cases::max_pool(shape, 3, 2);
    test::expect_on_grid(max[0], [&](auto& grid, const Batch& b, Inputs in, Outputs out) {
      kernels::on_grid::max_pool_forward(grid, shape, b, rows_for(b, in[0]), rows_for_out(out[0]));
    });
    test::expect_on_grid(max[1], [&](auto& grid, const Batch& b, Inputs in, Outputs out) {
      kernels::on_grid::max_pool_backward(grid, shape, b, rows_for(b, in[0]), rows_for(b, in[1]), rows_for(b, in[2]),
                                          rows_for_out(out[0]));
    });
  }
}

template <class Pooling>
void expect_averages(const std::vector<OpCase>& pair, const Pooling& shape) {
  test::expect_on_grid(pair[0], [&](auto& grid, const Batch& b, Inputs in, Outputs out) {
    kernels::on_grid::average_pool_forward(grid, shape, b, rows_for(b, in[0]), rows_for_out(out[0]));
  });
  test::expect_on_grid(pair[1], [&](auto& grid, const Batch& b, Inputs in, Outputs out) {
    kernels::on_grid::average_pool_backward(grid, shape, b, rows_for(b, in[0]), rows_for_out(out[0]));
  });
}

TEST(PoolOnGrid, AveragesAndTheirGradientsAreRight) {
  for (const PoolShape& shape : shapes()) expect_averages(cases::average_pool(shape, 3, 2), shape);
}

TEST(PoolOnGrid, AdaptiveAveragesAndTheirGradientsAreRight) {
  expect_averages(cases::adaptive_pool({7, 5, 12}, 4, 4, 3, 2), AdaptiveShape{7, 5, 4, 4, 12});
  expect_averages(cases::adaptive_pool({8, 8, 64}, 1, 1, 3, 2), AdaptiveShape{8, 8, 1, 1, 64});
  expect_averages(cases::adaptive_pool({2, 3, 5}, 4, 2, 1, 2), AdaptiveShape{2, 3, 4, 2, 5});
}

}  // namespace
}  // namespace fedscape
