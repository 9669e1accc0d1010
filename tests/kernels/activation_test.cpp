#include "kernels/cuda/activation.hpp"

#include "tests/kernels/bodies.hpp"

namespace fedscape {
namespace {

constexpr int kBatchSize = 3;
constexpr std::int64_t kElements = 35;  // of a sample: no multiple of four

class ActivationOnGrid : public testing::Test {
 protected:
  Stream stream;
  std::vector<int> counts = cases::ragged(test::kModels, kBatchSize);
  Batch batch{test::kModels, kBatchSize, counts};
  std::vector<float> x = test::random_floats(test::kModels * kBatchSize * kElements, 1);
  std::vector<float> other = test::random_floats(test::kModels * kBatchSize * kElements, 2);
  std::vector<float> start = std::vector<float>(x.size(), 7);
};

TEST_F(ActivationOnGrid, RectifiersAgree) {
  for (const bool shared : {false, true})
    FEDSCAPE_BODIES(stream, leaky_relu_forward).expect_same([&](auto body) {
      std::vector<float> y = start;
      body(batch, 0.1f, x.data(), shared, y.data(), kElements);
      return y;
    });
  FEDSCAPE_BODIES(stream, leaky_relu_backward).expect_same([&](auto body) {
    std::vector<float> dx = start;
    body(batch, 0.1f, x.data(), other.data(), dx.data(), kElements);
    return dx;
  });
}

TEST_F(ActivationOnGrid, DropoutTakesTheSameElements) {
  std::vector<RngKey> keys;
  for (std::uint32_t m = 0; m < test::kModels; ++m) keys.push_back({.seed = 5, .client = m});
  for (const bool shared : {false, true})
    FEDSCAPE_BODIES(stream, dropout).expect_same([&](auto body) {
      std::vector<float> y = start;
      body(batch, 0.4f, Purpose::test, keys.data(), x.data(), shared, y.data(), kElements);
      return y;
    });
}

TEST_F(ActivationOnGrid, SumsAgree) {
  for (const bool shared : {false, true})
    FEDSCAPE_BODIES(stream, add).expect_same([&](auto body) {
      std::vector<float> y = start;
      body(batch, x.data(), shared, other.data(), !shared, y.data(), kElements);
      return y;
    });
}

TEST_F(ActivationOnGrid, ChannelsAreCopiedToTheirPlace) {
  constexpr int kPositions = 5, kFrom = 7, kTo = 7, kChannels = 3;
  for (const bool shared : {false, true})
    FEDSCAPE_BODIES(stream, copy_channels).expect_same([&](auto body) {
      std::vector<float> y = start;
      body(batch, x.data(), shared, kFrom, 2, y.data(), kTo, 4, kChannels, std::int64_t{kPositions});
      return y;
    });
}

}  // namespace
}  // namespace fedscape
