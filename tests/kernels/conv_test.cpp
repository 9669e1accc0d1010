#include <gtest/gtest.h>

#include "kernels/conv_bodies.hpp"
#include "tests/kernels/block_case.hpp"
#include "tests/support/op_cases.hpp"

namespace fedscape {
namespace {

using ops::ConvShape;
using test::BlockBody;
using test::HostLaunch;
using test::last_of;
using test::row_slots;
using test::samples_of;

/// The bodies of cases::conv, in its order.
std::vector<BlockBody> conv_bodies(const ConvShape& s) {
  return {[=](HostLaunch& launch, const Batch& batch, Inputs in, Outputs out) {
            kernels::conv_forward_blocks(launch, s, batch, samples_of(in[0]),
                                         last_of(in[1], s.weights().size(), s.filters), last_of(in[1], s.filters, 0),
                                         {}, true, row_slots(out[0]));
          },
          [=](HostLaunch& launch, const Batch& batch, Inputs in, Outputs out) {
            kernels::conv_backward_data_blocks(launch, s, batch, samples_of(in[0]),
                                               last_of(in[1], s.weights().size(), s.filters), row_slots(out[0]));
          },
          [=](HostLaunch& launch, const Batch& batch, Inputs in, Outputs out) {
            kernels::conv_backward_weights_blocks(launch, s, batch, samples_of(in[0]), samples_of(in[1]),
                                                  row_slots(out[0]), row_slots(out[1]));
          }};
}

using Named = std::pair<std::string, ConvShape>;

/// Shapes that the networks do not have: strides beside dilation and groups, more classes of pixels than one launch
/// takes, and pixels that no filter meets.
std::vector<Named> all_shapes() {
  std::vector<Named> shapes = cases::network_convs();
  const std::vector<Named> more = {{"whole", {5, 4, 19, 12, 5, 4}},
                                   {"grouped_stride", {11, 10, 16, 24, 3, 3, 2, 3, 1, 1, 1, 1, 2}},
                                   {"dilated_stride", {13, 12, 8, 9, 3, 3, 2, 4, 2, 2, 3, 2}},
                                   {"long_stride", {12, 13, 5, 6, 3, 4, 5, 4, 1, 2}},
                                   {"missed_pixels", {9, 10, 4, 6, 2, 1, 3, 4, 0, 0}},
                                   {"missed_by_dilation", {9, 9, 3, 5, 2, 2, 2, 2, 1, 1, 2, 4}},
                                   {"depthwise_dilated", {10, 11, 6, 6, 3, 3, 2, 1, 2, 2, 3, 2, 6}},
                                   {"wide", {6, 6, 130, 129, 3, 3, 1, 1, 1, 1}}};
  shapes.insert(shapes.end(), more.begin(), more.end());
  return shapes;
}

class ConvBlocks : public testing::TestWithParam<Named> {};

TEST_P(ConvBlocks, AgreeWithTheirOraclesWhateverSurroundsThem) {
  const auto& [name, shape] = GetParam();
  const std::vector<OpCase> ops = cases::conv(name, shape, 3, 3);
  const std::vector<BlockBody> bodies = conv_bodies(shape);
  for (std::size_t i = 0; i < ops.size(); ++i) test::expect_blocks(ops[i], bodies[i]);
}

TEST_P(ConvBlocks, InTf32MultiplyTheSameElements) {
  const auto& [name, shape] = GetParam();
  const std::vector<OpCase> ops = cases::conv(name, shape, 3, 3);
  const std::vector<BlockBody> bodies = conv_bodies(shape);
  for (std::size_t i = 0; i < ops.size(); ++i) test::expect_blocks_in_tf32(ops[i], bodies[i]);
}

INSTANTIATE_TEST_SUITE_P(Shapes, ConvBlocks, testing::ValuesIn(all_shapes()),
                         [](const auto& shape) { return shape.param.first; });

TEST(ConvBlocks, SumLargeBatchesOfManyGroupsInPieces) {
  const ConvShape s{8, 7, 6, 12, 3, 3, 1, 1, 1, 1, 1, 1, 6};
  test::expect_blocks(cases::conv("many", s, 2, 40)[2], conv_bodies(s)[2]);
}

}  // namespace
}  // namespace fedscape
