#include <gtest/gtest.h>

#include <mutex>

#include "fedscape/ops/tuning.hpp"
#include "tests/support/devices.hpp"
#include "tests/support/op_cases.hpp"

/// Layers whose products NVIDIA's libraries compute: the same expectations as of fedscape's own kernels.
namespace fedscape {
namespace {

/// All of them, and which were asked for, on whatever thread.
class EveryProduct : public ProductChoice {
 public:
  bool library(const Product& product) const override {
    const std::lock_guard lock(mutex_);
    asked_.push_back(product);
    return true;
  }
  const std::vector<Product>& asked() const { return asked_; }

 private:
  mutable std::mutex mutex_;
  mutable std::vector<Product> asked_;
};

/// None where there is no CUDA device.
std::vector<OpCase> product_cases() {
  std::vector<OpCase> all;
  if (cuda_device_count() == 0) return all;
  const auto append = [&](const std::vector<OpCase>& more) { all.insert(all.end(), more.begin(), more.end()); };
  for (const cases::LinearSize& size : cases::linear_sizes()) append(cases::linear(size));
  for (const auto& [name, shape] : cases::network_convs()) {
    append(cases::conv(name, shape, 3, 3));
    append(cases::packed_conv(name, shape, 3, 3, Precision::float32));
  }
  append(cases::conv("lanes", {5, 6, 7, 9, 3, 2, 1, 2, 1, 0}, 19, 2));
  append(cases::conv("one_pixel", {1, 1, 13, 21}, 4, 5));
  return all;
}

std::string name_of(const testing::TestParamInfo<OpCase>& info) {
  std::string name = "cuda_" + info.param.name + "_" + std::to_string(info.index);
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  return name;
}

class LibraryProducts : public testing::TestWithParam<OpCase> {
 protected:
  const Device device{DeviceKind::cuda, 0};
  const EveryProduct every{};
};

TEST_P(LibraryProducts, AgreeWithTheirOracles) {
  expect_oracle(GetParam(), device, &every);
  ASSERT_FALSE(every.asked().empty());
  EXPECT_EQ(every.asked().front().batch, GetParam().size);
}
TEST_P(LibraryProducts, NeedNoMoreMemoryAfterTheFirstCall) { expect_no_growth(GetParam(), device, &every); }
TEST_P(LibraryProducts, GiveTheSameBitsWhateverSurroundsThem) { expect_same_bits(GetParam(), device, &every); }

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(LibraryProducts);
INSTANTIATE_TEST_SUITE_P(All, LibraryProducts, testing::ValuesIn(product_cases()), name_of);

TEST(Tuning, OwnKernelsComputeWhatItDoesNotKnow) {
  const Product known{ops::ConvPass::forward, {8, 8, 3, 16, 3, 3}, 10, false};
  Tuning tuning;
  tuning.entries[known] = {2e-3, 1e-3, true};
  EXPECT_TRUE(tuning.library(known));
  Product other = known;
  other.batch = 11;
  EXPECT_FALSE(tuning.library(other));
  other = known;
  other.tf32 = true;
  EXPECT_FALSE(tuning.library(other));
}

TEST(Tuning, HashIsThatOfTheChoices) {
  const Product product{ops::ConvPass::forward, {8, 8, 3, 16, 3, 3}, 10, false};
  Tuning tuning;
  const std::uint64_t empty = tuning.hash();
  tuning.entries[product] = {1e-3, 2e-3, false};
  EXPECT_EQ(tuning.hash(), empty);
  tuning.entries[product] = {2e-3, 1e-3, true};
  EXPECT_NE(tuning.hash(), empty);
}

}  // namespace
}  // namespace fedscape
