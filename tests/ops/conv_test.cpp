#include "fedscape/ops/conv.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernels/cpu/conv_primitive.hpp"
#include "tests/support/op_cases.hpp"

namespace fedscape {
namespace {

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

}  // namespace
}  // namespace fedscape
