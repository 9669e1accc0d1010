#include "tests/support/op_case.hpp"

#include <gtest/gtest.h>

#include "tests/support/devices.hpp"
#include "tests/support/op_cases.hpp"

namespace fedscape {
namespace {

void append(std::vector<OpCase>& all, const std::vector<OpCase>& more) {
  all.insert(all.end(), more.begin(), more.end());
}

/// Small ragged stacks of every op: what decides correctness is in the shapes, not in their size.
std::vector<OpCase> all_cases() {
  std::vector<OpCase> all;
  for (const cases::LinearSize& size : cases::linear_sizes()) append(all, cases::linear(size));
  for (const auto& [name, shape] : cases::network_convs()) {
    append(all, cases::conv(name, shape, 3, 3));
    for (const Precision precision : {Precision::float32, Precision::bf16, Precision::bf16w2, Precision::bf16x2})
      append(all, cases::packed_conv(name, shape, 3, 3, precision));
  }
  for (const Precision precision :
       {Precision::bf16, Precision::bf16w2, Precision::bf16x2}) {  // a row of the product is a sample
    append(all, cases::packed_conv("linear", {1, 1, 70, 35}, 3, 37, precision));
    append(all, cases::packed_conv("whole", {5, 4, 19, 12, 5, 4}, 2, 18, precision));
  }
  for (const int channels : {1, 6, 16, 43})
    for (const ops::PoolShape& shape : {ops::PoolShape{8, 10, channels},
                                        {9, 7, channels},
                                        {9, 7, channels, 3, 3, 2, 2, 1, 1},
                                        {7, 7, channels, 3, 2, 2, 3, 1, 0, true, false},
                                        {6, 5, channels, 2, 2, 3, 3, 1, 1, true, true}}) {
      append(all, cases::max_pool(shape, 3, 2));
      append(all, cases::average_pool(shape, 3, 2));
    }
  append(all, cases::adaptive_pool({7, 5, 12}, 4, 4, 3, 2));
  append(all, cases::adaptive_pool({8, 8, 64}, 1, 1, 3, 2));
  append(all, cases::adaptive_pool({2, 3, 5}, 4, 2, 1, 2));
  for (const cases::NormSize size : {cases::NormSize{3, 4, 49, 16}, {2, 3, 1, 12}, {2, 9, 64, 45}, {1, 2, 200, 8}}) {
    append(all, cases::batch_norm(size));
    append(all, cases::group_norm(size, 1));
    append(all, cases::group_norm(size, size.channels % 4 ? 3 : 4));
  }
  return all;
}

using Param = std::tuple<Device, OpCase>;

/// gtest wants letters and digits, and every name once.
std::string name_of(const testing::TestParamInfo<Param>& info) {
  const auto& [device, op] = info.param;
  std::string name = (device.kind == DeviceKind::cuda ? "cuda_" : "") + op.name + "_" + std::to_string(info.index);
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  return name;
}

class Ops : public testing::TestWithParam<Param> {
 protected:
  const Device device = std::get<0>(GetParam());
  const OpCase& op = std::get<1>(GetParam());
};

TEST_P(Ops, AgreeWithTheirOracles) { expect_oracle(op, device); }
TEST_P(Ops, GiveTheSameBitsWhateverSurroundsThem) { expect_same_bits(op, device); }
TEST_P(Ops, NeedNoMoreMemoryAfterTheFirstCall) { expect_no_growth(op, device); }

INSTANTIATE_TEST_SUITE_P(All, Ops, testing::Combine(testing::ValuesIn(test::devices()), testing::ValuesIn(all_cases())),
                         name_of);

}  // namespace
}  // namespace fedscape
