#include <gtest/gtest.h>

#include "kernels/conv_packed.hpp"
#include "tests/kernels/block_case.hpp"
#include "tests/support/op_cases.hpp"

namespace fedscape {
namespace {

using ops::ConvShape;
using test::HostLaunch;
using test::last_of;
using test::row_slots;
using test::samples_of;

/// The body of cases::packed_conv; a residual is y itself.
test::BlockBody packed_body(const ConvShape& s, Precision precision, bool with_residual) {
  return [=](HostLaunch& launch, const Batch& batch, Inputs in, Outputs out) {
    const Tensor<float> packed(launch.stream(), {batch.models, kernels::conv_packed_floats(s, precision)});
    std::fill_n(packed.data(), packed.size(), NAN);
    kernels::conv_pack_blocks(launch, s, precision, batch.models, last_of(in[1], s.weights().size(), s.filters),
                              row_slots(packed));
    const Slot<float> y = row_slots(out[0]);
    if (with_residual) std::copy_n(in[2].data, in[2].size(), y.data);
    kernels::conv_forward_packed_blocks(launch, s, precision, batch, samples_of(in[0]), row_slots(packed),
                                        last_of(in[1], s.filters, 0), with_residual ? y : Slot<float>(), with_residual,
                                        y);
  };
}

using Named = std::pair<std::string, ConvShape>;

std::vector<Named> all_shapes() {
  std::vector<Named> shapes = cases::network_convs();
  shapes.insert(shapes.end(), {{"linear", {1, 1, 70, 35}},
                               {"linear_wide", {1, 1, 33, 130}},
                               {"whole", {5, 4, 19, 12, 5, 4}},
                               {"wide", {6, 6, 37, 70, 3, 3, 2, 1, 1, 0}}});
  return shapes;
}

class PackedBlocks : public testing::TestWithParam<Named> {};

TEST_P(PackedBlocks, AgreeWithTheirOraclesWhateverSurroundsThem) {
  const auto& [name, shape] = GetParam();
  for (const Precision precision : {Precision::float32, Precision::bf16, Precision::bf16w2, Precision::bf16x2}) {
    const std::vector<OpCase> ops = cases::packed_conv(name, shape, 3, 3, precision);
    test::expect_blocks(ops[1], packed_body(shape, precision, true));
    if (precision == Precision::float32) test::expect_blocks(ops[0], packed_body(shape, precision, false));
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, PackedBlocks, testing::ValuesIn(all_shapes()),
                         [](const auto& shape) { return shape.param.first; });

TEST(PackedBlocks, OfBf16TakeHalfTheMemory) {
  const ConvShape s{8, 8, 64, 64, 3, 3, 1, 1, 1, 1}, grouped{12, 12, 32, 64, 3, 3, 1, 1, 1, 1, 1, 1, 4};
  EXPECT_EQ(kernels::conv_packed_floats(s, Precision::float32), s.weights().size());
  EXPECT_EQ(kernels::conv_packed_floats(s, Precision::bf16), s.weights().size() / 2);
  EXPECT_EQ(kernels::conv_packed_floats(s, Precision::bf16w2), s.weights().size());
  EXPECT_EQ(kernels::conv_packed_floats(s, Precision::bf16x2), s.weights().size());
  EXPECT_EQ(kernels::conv_packed_floats(grouped, Precision::bf16), grouped.weights().size());  // stays in float32
}

}  // namespace
}  // namespace fedscape
