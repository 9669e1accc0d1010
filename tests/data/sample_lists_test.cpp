#include "fedscape/data/sample_lists.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include "fedscape/base/check.hpp"
#include "fedscape/data/partition.hpp"
#include "tests/support/message_of.hpp"

namespace fedscape {
namespace {

using ::testing::ElementsAre;

TEST(SampleLists, AreTheSameGroupedByOwnerOrAddedOneByOne) {
  const SampleLists grouped(4, std::vector<std::int32_t>{2, 0, 2, 3, 0}, std::vector<std::int32_t>{9, 8, 7, 6, 5});
  SampleLists added;
  for (const std::vector<std::int32_t>& list : std::vector<std::vector<std::int32_t>>{{8, 5}, {}, {9, 7}, {6}})
    added.add(list);
  EXPECT_EQ(grouped, added);
  EXPECT_EQ(added, (SampleLists{{8, 5}, {}, {9, 7}, {6}}));
  EXPECT_EQ(added.samples(), 5u);
  EXPECT_THAT(added, ElementsAre(ElementsAre(8, 5), ElementsAre(), ElementsAre(9, 7), ElementsAre(6)));
}

TEST(SampleLists, RefuseAnOwnerThatIsNone) {
  const std::vector<std::int32_t> samples = {0, 1};
  EXPECT_EQ(test::message_of([&] { SampleLists(2, std::vector<std::int32_t>{0, 2}, samples); }), "owner 2 of 2");
  EXPECT_EQ(test::message_of([&] { SampleLists(2, std::vector<std::int32_t>{0}, samples); }), "1 owners of 2 samples");
}

/// Bytes of the process that malloc gave out, in large pieces or small.
std::size_t in_use() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

TEST(SampleLists, AMillionClientsOfTwoSamplesTake24BytesEach) {
  constexpr std::int64_t kClients = 1'000'000;
  const std::vector<std::int32_t> labels(2 * kClients, 0);
  const PartitionOptions options{
      .partition = "iid", .clients = kClients, .samples_per_client = 2, .min_samples = 1, .local_test = 0};
  const std::size_t before = in_use();
  const Clients clients = make_clients(partition(labels, 1, {}, options, 1), options, 1);
  EXPECT_EQ(clients.size(), kClients);
  EXPECT_LE(in_use() - before, 24 * kClients + 4096);  // training and test lists end somewhere, and two samples
}

}  // namespace
}  // namespace fedscape
