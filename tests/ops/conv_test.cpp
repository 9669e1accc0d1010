#include "fedscape/ops/conv.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernels/cpu/conv_primitive.hpp"
#include "kernels/cpu/conv_rows.hpp"
#include "kernels/cpu/winograd.hpp"
#include "tests/support/message_of.hpp"
#include "tests/support/op_cases.hpp"

namespace fedscape {
namespace {

using test::message_of;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(Conv, NoKernelOfANetworkIsOneDnnsReferenceCode) {
  Stream stream;
  int made = 0;
  for (const auto& [name, shape] : cases::network_convs())
    for (const auto pass :
         {kernels::ConvPass::forward, kernels::ConvPass::backward_data, kernels::ConvPass::backward_weights}) {
      const kernels::ConvPrimitive& conv = kernels::conv_primitive(stream, {shape, pass, 8});
      made += conv.usable();
      EXPECT_THAT(conv.implementation(), Not(HasSubstr("ref"))) << name;
    }
  EXPECT_GT(made, 40) << "most shapes should not need lowering";
}

TEST(Conv, SavesMultiplicationsWhereItCan) {
  std::vector<std::string> served;
  for (const auto& [name, shape] : cases::network_convs())
    if (kernels::winograd::serves(shape)) served.push_back(name);
  EXPECT_THAT(served, ElementsAre("cnn2", "block", "block64", "odd", "valid", "five_taps", "wide_padding"));
  EXPECT_FALSE(kernels::winograd::serves_backward_data({12, 12, 32, 64, 5, 5})) << "its outputs have the padding";
  EXPECT_FALSE(kernels::winograd::serves({2, 2, 64, 64, 3, 3, 1, 1, 1, 1})) << "a tile is mostly padding";
  EXPECT_FALSE(kernels::winograd::serves({4, 4, 512, 512, 3, 3, 1, 1, 1, 1}))
      << "its filters would be read for one tile";
}

TEST(Conv, GoesByRowsWhereFiltersOrChannelsAreFew) {
  const ops::ConvShape lenet{32, 32, 3, 6, 5, 5}, second{14, 14, 6, 16, 5, 5};
  EXPECT_TRUE(kernels::rows::serves_forward(lenet) && kernels::rows::serves_backward_weights(lenet));
  EXPECT_TRUE(kernels::rows::serves_backward_data(second) && !kernels::rows::serves_forward(second));
}

TEST(Conv, ShapesThatDoNotFitAreRefused) {
  const auto message = [](const ops::ConvShape& shape) { return message_of([&] { shape.check(); }); };
  EXPECT_THAT(message({4, 4, 1, 1, 5, 3}), HasSubstr("rows: a kernel that spans 5 does not fit 4"));
  EXPECT_THAT(message({4, 4, 1, 1, 2, 2, 1, 1, 0, 0, 1, 4}), HasSubstr("columns: a kernel that spans 5"));
  EXPECT_THAT(message({4, 4, 6, 4, 1, 1, 1, 1, 0, 0, 1, 1, 4}), HasSubstr("4 groups for 6 channels"));
  EXPECT_THAT(message({4, 4, 1, 1, 1, 1, 0, 1}), HasSubstr("stride 0"));
  EXPECT_THAT(message({4, 4, 1, 1, 1, 1, 1, 1, 2000000000, 0}), HasSubstr("padding 2000000000"));
}

TEST(Conv, NamesAnArrayOfTheWrongShape) {
  Stream stream;
  const std::vector<int> counts{2};
  const Tensor<float> x(stream, {1, 2, 4, 4, 3}), w(stream, {1, 27 * 8}), y(stream, {1, 2, 4, 4, 8});
  const auto call = [&] {
    ops::conv_forward(stream, {4, 4, 3, 8, 3, 3}, {1, 2, counts}, x, slot<const float>(w, 0), {}, false, y);
  };
  EXPECT_THAT(message_of(call), HasSubstr("conv_forward: y is [1,2,4,4,8], expected [1,2,2,2,8]"));
}

TEST(Pool, NanPassesThroughTheMaximum) {
  Stream stream;
  const std::vector<int> counts{1};
  std::vector<float> values(4 * 13, 1);
  values[13 + 2] = values[12] = std::nanf("");
  const auto x = to_device(stream, values, {1, 1, 2, 2, 13});
  const Tensor<float> y(stream, {1, 1, 1, 1, 13});
  ops::max_pool_forward(stream, {2, 2, 13}, {1, 1, counts}, x, y);
  for (std::size_t c = 0; c < 13; ++c) EXPECT_EQ(std::isnan(to_host(stream, y.view())[c]), c == 2 || c == 12);
}

}  // namespace
}  // namespace fedscape
