#include "fedscape/data/batches.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "fedscape/base/check.hpp"
#include "fedscape/data/synthetic.hpp"
#include "fedscape/tensor/tensor.hpp"
#include "tests/support/message_of.hpp"

namespace fedscape {
namespace {

using Last = BatchOptions::Last;
using ::testing::ElementsAre;

const RngKey kKey{5, Purpose::shuffle, 3, 2, 0};

std::vector<std::int32_t> samples(std::int32_t n) {
  std::vector<std::int32_t> ids(static_cast<std::size_t>(n));
  std::iota(ids.begin(), ids.end(), 100);
  return ids;
}

std::vector<std::int32_t> batch(const BatchOptions& options, std::span<const std::int32_t> ids, std::int64_t step,
                                const RngKey& key = kKey) {
  EpochOrder order(options, ids, key);
  std::vector<std::int32_t> out;
  order.batch(step, out);
  return out;
}

TEST(StepsPerEpoch, CountTheLastBatchAsItsOptionSays) {
  EXPECT_EQ(steps_per_epoch({.batch = 4, .last = Last::keep}, 10), 3);
  EXPECT_EQ(steps_per_epoch({.batch = 4, .last = Last::drop}, 10), 2);
  EXPECT_EQ(steps_per_epoch({.batch = 4, .last = Last::wrap}, 10), 3);
  EXPECT_EQ(steps_per_epoch({.batch = 4, .last = Last::keep}, 8), 2);
}

TEST(StepsPerEpoch, AClientSmallerThanABatchGetsItsOneBatch) {
  for (const Last last : {Last::keep, Last::drop, Last::wrap}) {
    EXPECT_EQ(steps_per_epoch({.batch = 4, .last = last}, 3), 1);
    EXPECT_EQ(steps_per_epoch({.batch = 4, .last = last}, 0), 0);
  }
  EXPECT_THROW(steps_per_epoch({.batch = 0}, 3), Error);
}

TEST(EpochOrder, AnUnshuffledClientKeepsItsOrderAndItsLastBatch) {
  const auto ids = samples(5);
  const auto at = [&](Last last, std::int64_t step) {
    return batch({.batch = 2, .last = last, .shuffle = false}, ids, step);
  };
  EXPECT_THAT(at(Last::keep, 0), ElementsAre(100, 101));
  EXPECT_THAT(at(Last::keep, 2), ElementsAre(104));
  EXPECT_THAT(at(Last::keep, 3), ElementsAre(100, 101));
  EXPECT_THAT(at(Last::drop, 2), ElementsAre(100, 101));
  EXPECT_THAT(at(Last::wrap, 2), ElementsAre(104, 100));
}

TEST(EpochOrder, WrappingFillsABatchHoweverFewSamplesThereAre) {
  const auto ids = samples(2);
  EXPECT_THAT(batch({.batch = 5, .last = Last::wrap, .shuffle = false}, ids, 0), ElementsAre(100, 101, 100, 101, 100));
  EXPECT_THAT(batch({.batch = 5, .last = Last::drop, .shuffle = false}, ids, 7), ElementsAre(100, 101));
}

TEST(EpochOrder, EveryEpochHasEachSampleOnceInAnOrderOfItsOwn) {
  const auto ids = samples(23);
  EpochOrder order({.batch = 5}, ids, kKey);
  std::vector<std::vector<std::int32_t>> epochs(3);
  std::vector<std::int32_t> out;
  for (std::int64_t step = 0; step < 15; ++step) {
    order.batch(step, out);
    auto& epoch = epochs[static_cast<std::size_t>(step / 5)];
    epoch.insert(epoch.end(), out.begin(), out.end());
  }
  EXPECT_NE(epochs[0], epochs[1]);
  EXPECT_NE(epochs[1], epochs[2]);
  for (auto& epoch : epochs) EXPECT_THAT(epoch, ::testing::UnorderedElementsAreArray(ids));
}

TEST(EpochOrder, ABatchDependsOnItsStepOnly) {
  const auto ids = samples(23);
  EpochOrder order({.batch = 5}, ids, kKey);
  std::vector<std::int32_t> out;
  for (const std::int64_t step : {13, 0, 4, 7, 6, 13}) {
    order.batch(step, out);
    EXPECT_EQ(out, batch({.batch = 5}, ids, step));
  }
}

TEST(EpochOrder, ClientsAndRoundsShuffleDifferently) {
  const auto ids = samples(40);
  const auto here = batch({.batch = 40}, ids, 0);
  EXPECT_NE(here, batch({.batch = 40}, ids, 0, {5, Purpose::shuffle, 4, 2, 0}));
  EXPECT_NE(here, batch({.batch = 40}, ids, 0, {5, Purpose::shuffle, 3, 3, 0}));
  EXPECT_EQ(here, batch({.batch = 40}, ids, 0, {5, Purpose::crop, 3, 2, 9}));  // purpose and step are its own
}

TEST(EpochOrder, ARestartedOrderIsThatOfTheOtherClient) {
  const auto first = samples(30), second = samples(17);
  EpochOrder order({.batch = 6}, first, kKey);
  std::vector<std::int32_t> out;
  order.batch(8, out);
  order.restart(second, {5, Purpose::shuffle, 9, 2, 0});
  order.batch(4, out);
  EXPECT_EQ(out, batch({.batch = 6}, second, 4, {5, Purpose::shuffle, 9, 2, 0}));
}

TEST(EpochOrder, ASteadyStepReusesItsMemory) {
  const auto ids = samples(30);
  EpochOrder order({.batch = 7, .last = Last::wrap}, ids, kKey);
  std::vector<std::int32_t> out;
  order.batch(0, out);
  const std::int32_t* memory = out.data();
  for (std::int64_t step = 1; step < 50; ++step) {
    order.batch(step, out);
    EXPECT_EQ(out.data(), memory);
  }
}

TEST(BatchFeed, GathersTheOrdersBatchesWithAKeyForEachSample) {
  const Dataset data = planted_images({.classes = 2, .train_samples = 12, .side = 4}, Split::train, 1);
  const BatchOptions options{.batch = 5, .augment = {.pad = 2, .flip = true}};
  std::vector<std::int32_t> ids(12), indices;
  std::iota(ids.begin(), ids.end(), 0);
  Stream stream;
  Tensor<float> x(stream, data.shape().under(5)), expected(stream, x.shape());
  Tensor<std::int32_t> y(stream, {5}), labels(stream, {5});
  EpochOrder order(options, ids, kKey);
  BatchFeed feed(data, options, std::span(ids).first(3), {});  // of another client at first
  feed.restart(ids, kKey);
  for (const std::uint32_t step : {4u, 2u, 5u}) {
    order.batch(step, indices);
    const auto n = static_cast<std::int64_t>(indices.size());
    std::vector<RngKey> keys;
    for (std::uint32_t b = 0; b < n; ++b) keys.push_back({5, Purpose::crop, 3, 2, step * 5 + b});
    data.gather(stream, indices, options.augment, keys, expected.view().rows(0, n), labels.view().rows(0, n));
    EXPECT_EQ(feed.gather(stream, step, x, y), n);
    EXPECT_EQ(to_host(stream, x.view().rows(0, n)), to_host(stream, expected.view().rows(0, n)));
    EXPECT_EQ(to_host(stream, y.view().rows(0, n)), to_host(stream, labels.view().rows(0, n)));
  }
}

TEST(SamplingOptions, OutOfRangeAreNamed) {
  const auto refusal = [](const SamplingOptions& options) { return test::message_of([&] { options.check(); }); };
  EXPECT_EQ(refusal({}), "");
  EXPECT_THAT(refusal({.batch = 1 << 21}), ::testing::HasSubstr("batch = 2097152"));
  EXPECT_THAT(refusal({.last_batch = "warp"}), ::testing::HasSubstr("did you mean 'wrap'"));
  EXPECT_THAT(refusal({.crop = 1025}), ::testing::HasSubstr("crop = 1025"));
}

}  // namespace
}  // namespace fedscape
