#include "fedscape/nn/layout.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "fedscape/base/check.hpp"
#include "fedscape/nn/layers.hpp"
#include "fedscape/nn/network.hpp"

namespace fedscape {
namespace {

std::vector<float> counting(std::int64_t size) {
  std::vector<float> values(static_cast<std::size_t>(size));
  std::iota(values.begin(), values.end(), 0.0f);
  return values;
}

TEST(Layout, ConvolutionWeightsGoFromOutYXInToOutInYX) {
  Network n({5, 5, 3});
  n.add("conv", conv(square(2, 2)), {0});
  const ParamSlot& s = n.layout()[0];
  EXPECT_EQ(s.torch_shape, (Shape{2, 3, 2, 2}));
  std::vector<float> ours = counting(s.size()), torch(ours.size());
  to_torch_order(s, ours, torch);
  const auto at = [](int o, int y, int x, int i) { return static_cast<float>(((o * 2 + y) * 2 + x) * 3 + i); };
  EXPECT_EQ(torch[0], at(0, 0, 0, 0));
  EXPECT_EQ(torch[1], at(0, 0, 1, 0));
  EXPECT_EQ(torch[4], at(0, 0, 0, 1));
  EXPECT_EQ(torch[23], at(1, 1, 1, 2));
}

TEST(Layout, LinearWeightsBehindAMapReadItChannelsFirst) {
  Network n({2, 3, 4});
  n.add("linear", linear(5), {n.add("flatten", flatten(), {0})});
  const ParamSlot& s = n.layout()[0];
  EXPECT_EQ(s.torch_shape, (Shape{5, 24}));
  std::vector<float> ours = counting(s.size()), torch(ours.size()), back(ours.size());
  to_torch_order(s, ours, torch);
  // PyTorch's column c*6 + y*3 + x is our column (y*3 + x)*4 + c.
  EXPECT_EQ(torch[static_cast<std::size_t>(2 * 24 + 3 * 6 + 1 * 3 + 2)],
            ours[static_cast<std::size_t>(2 * 24 + 5 * 4 + 3)]);
  from_torch_order(s, torch, back);
  EXPECT_EQ(back, ours);
}

TEST(Layout, TrainedRunsLeaveStatisticsOut) {
  Network n({2, 2, 3});
  n.add("head", linear(2), {n.add("bn", batch_norm(), {0})});
  ASSERT_EQ(n.layout().trained().size(), 2u);
  EXPECT_EQ(n.layout().trained()[0], std::make_pair(std::int64_t{0}, std::int64_t{6}));
  EXPECT_EQ(n.layout().trained()[1], std::make_pair(std::int64_t{12}, n.layout().size()));
}

TEST(Layout, NamesAreUnique) {
  ParamLayout layout;
  layout.add({.name = "a", .shape = {1}});
  EXPECT_THROW(layout.add({.name = "a", .shape = {1}}), Error);
}

}  // namespace
}  // namespace fedscape
