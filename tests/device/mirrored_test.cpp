#include "fedscape/tensor/mirrored.hpp"

#include "fedscape/ops/loss.hpp"
#include "tests/support/devices.hpp"

namespace fedscape {
namespace {

TEST(Mirrors, FindWhatLiesWithinAnArray) {
  const std::vector<int> host(8), device(8);
  Mirrors mirrors;
  EXPECT_EQ(mirrors.find(host.data(), 4), nullptr);
  mirrors.set(host.data(), 6 * sizeof(int), device.data());
  EXPECT_EQ(mirrors.find(host.data() + 2, 4 * sizeof(int)), device.data() + 2);
  EXPECT_EQ(mirrors.find(host.data() + 2, 5 * sizeof(int)), nullptr);
  EXPECT_EQ(mirrors.find(device.data(), sizeof(int)), nullptr);
  mirrors.forget(host.data());
  EXPECT_EQ(mirrors.find(host.data(), sizeof(int)), nullptr);
}

class MirroredArray : public test::OnDevice {
 protected:
  /// The classes that ops see, which the counts say are real; the others stay -5.
  std::vector<std::int32_t> seen(std::span<const int> counts) {
    const int models = static_cast<int>(counts.size());
    const Tensor<float> logits = device(std::vector<float>(3 * counts.size(), 1.0f), {models, 3, 1});
    const Tensor<std::int32_t> classes = device(std::vector<std::int32_t>(3 * counts.size(), -5), {models, 3});
    ops::predict(stream, {models, 3, counts}, logits, classes);
    return host(classes);
  }
};

TEST_P(MirroredArray, OpsSeeWhatWasWrittenPushedOrNot) {
  Mirrored<int> counts(stream, 2);
  const auto write = [&](int first, int second) { counts.write()[0] = first, counts.write()[1] = second; };
  write(1, 3);
  EXPECT_EQ(seen(counts.first(2)), (std::vector{0, -5, -5, 0, 0, 0}));
  counts.push(stream, 2);
  EXPECT_EQ(seen(counts.first(2)), (std::vector{0, -5, -5, 0, 0, 0}));
  write(2, 0);
  EXPECT_EQ(seen(counts.first(2)), (std::vector{0, 0, -5, -5, -5, -5}));
  counts.push(stream, 1);
  EXPECT_EQ(seen(counts.first(2)), (std::vector{0, 0, -5, -5, -5, -5}));
  EXPECT_EQ(seen(counts.first(1)), (std::vector{0, 0, -5}));
}

TEST_P(MirroredArray, AnArrayThatIsGoneIsForgotten) {
  const int* address = nullptr;
  {
    Mirrored<int> counts(stream, 1);
    counts.write()[0] = 2;
    counts.push(stream, 1);
    address = counts.first(1).data();
    Mirrored<int> moved = std::move(counts);
    EXPECT_EQ(seen(moved.first(1)), (std::vector{0, 0, -5}));
  }
  EXPECT_EQ(stream.mirrors()->find(address, sizeof(int)), nullptr);
}

TEST_P(MirroredArray, EvenCountsFollowTheSizeOfTheBatch) {
  EvenCounts counts(stream, 3);
  EXPECT_EQ(seen(counts.of(stream, 2, 1)), (std::vector{0, -5, -5, 0, -5, -5}));
  EXPECT_EQ(seen(counts.of(stream, 1, 2)), (std::vector{0, 0, -5}));
}

/// More than the staging memory holds at once, each piece changed as soon as it is on its way.
TEST_P(MirroredArray, WhatIsStagedIsWhatItWas) {
  constexpr std::int64_t kPiece = 10'000, kPieces = 40;
  const Tensor<int> all(stream, {kPiece * kPieces});
  std::vector<int> piece(kPiece);
  for (int i = 0; i < kPieces; ++i) {
    std::fill(piece.begin(), piece.end(), i);
    stage_to_device(stream, all.data() + i * kPiece, piece.data(), piece.size() * sizeof(int));
  }
  const auto values = host(all);
  for (std::size_t i = 0; i < values.size(); ++i) ASSERT_EQ(values[i], static_cast<int>(i / kPiece));
}

FEDSCAPE_ON_DEVICES(MirroredArray);

}  // namespace
}  // namespace fedscape
