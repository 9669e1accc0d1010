#include "fedscape/device/workers.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <vector>

#include "fedscape/base/check.hpp"
#include "fedscape/tensor/tensor.hpp"

namespace fedscape {
namespace {

TEST(Workers, RunEveryTaskOnce) {
  Workers workers({}, 3);
  for (int repeat = 0; repeat < 50; ++repeat) {
    std::vector<std::atomic<int>> runs(100);
    workers.run(100, [&](Stream&, int, std::int64_t task) { ++runs[static_cast<std::size_t>(task)]; });
    for (const auto& count : runs) EXPECT_EQ(count, 1);
  }
}

TEST(Workers, RethrowTheFailureOfTheLowestTask) {
  Workers workers({}, 2);
  const auto work = [](Stream&, int, std::int64_t task) { FEDSCAPE_CHECK(task < 3, "task {}", task); };
  try {
    workers.run(10, work);
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "task 3");
  }
}

TEST(Arena, ReusesItsMemoryAfterAScope) {
  Stream stream;
  const auto use = [&] {
    const ArenaScope scope(stream);
    const Tensor<float> a(stream, {1000, 1000}), b(stream, {3});
    return a.data() != b.data();
  };
  EXPECT_TRUE(use());
  const std::size_t capacity = stream.arena().capacity();
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(use());
  EXPECT_EQ(stream.arena().capacity(), capacity);
}

}  // namespace
}  // namespace fedscape
