#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "fedscape/base/rng.hpp"
#include "fedscape/tensor/tensor.hpp"

namespace fedscape::test {

/// Every kind of device that tests run on here: the CPU, and the first CUDA device where there is one.
inline std::vector<Device> devices() {
  std::vector<Device> all = {Device{}};
  if (cuda_device_count() > 0) all.push_back({DeviceKind::cuda, 0});
  return all;
}

inline std::string device_name(const testing::TestParamInfo<Device>& info) {
  return info.param.kind == DeviceKind::cuda ? "cuda" : "cpu";
}

/// A test that runs once per device: TEST_P(MyOp, IsRight), then FEDSCAPE_ON_DEVICES(MyOp).
class OnDevice : public testing::TestWithParam<Device> {
 protected:
  template <class T>
  Tensor<T> device(const std::vector<T>& host, Shape shape) {
    return to_device(stream, host, shape);
  }
  template <class T>
  std::vector<T> host(const Tensor<T>& tensor) {
    return to_host(stream, tensor.view());
  }
  Stream stream{GetParam()};
};

#define FEDSCAPE_ON_DEVICES(suite) \
  INSTANTIATE_TEST_SUITE_P(Device, suite, testing::ValuesIn(::fedscape::test::devices()), ::fedscape::test::device_name)

/// Uniform numbers in [low,high); each `client` is another sequence.
inline std::vector<float> random_floats(std::int64_t n, std::uint32_t client, float low = -1, float high = 1) {
  std::vector<float> values(static_cast<std::size_t>(n));
  fill_uniform({.seed = 1, .purpose = Purpose::test, .client = client}, low, high, values);
  return values;
}

}  // namespace fedscape::test
