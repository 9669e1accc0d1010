#include "fedscape/data/partition.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <set>

#include "fedscape/base/check.hpp"
#include "fedscape/base/rng.hpp"
#include "fedscape/base/timer.hpp"
#include "tests/support/message_of.hpp"

namespace fedscape {
namespace {

using test::message_of;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// n labels in random order, each class equally often as far as n allows.
std::vector<std::int32_t> labels_of(std::int64_t n, int classes) {
  std::vector<std::int32_t> labels(static_cast<std::size_t>(n));
  for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<std::int32_t>(i) % classes;
  Draws({99}).shuffle(std::span(labels));
  return labels;
}

std::vector<std::int64_t> sizes(const Partition& partition) {
  std::vector<std::int64_t> result;
  for (const auto& client : partition) result.push_back(static_cast<std::int64_t>(client.size()));
  return result;
}

std::int64_t dealt(const Partition& partition) {
  const auto all = sizes(partition);
  return std::accumulate(all.begin(), all.end(), std::int64_t{0});
}

std::int64_t distinct(const Partition& partition) {
  std::set<std::int32_t> seen;
  for (const auto& client : partition) seen.insert(client.begin(), client.end());
  return static_cast<std::int64_t>(seen.size());
}

int classes_held(const Partition& partition, std::span<const std::int32_t> labels, std::size_t k) {
  std::set<std::int32_t> held;
  for (const std::int32_t i : partition[k]) held.insert(labels[static_cast<std::size_t>(i)]);
  return static_cast<int>(held.size());
}

TEST(Partition, EveryWayIsFiniteDeterministicAndUsesNoSampleTwice) {
  const auto labels = labels_of(200, 7);
  const std::vector<std::int32_t> users = labels_of(200, 13);
  for (const PartitionEntry& entry : partitions())
    for (const std::int64_t clients : {1, 2, 3, 50, 199, 1000})
      for (const double alpha : {1e-9, 1e-6, 1e-3, 0.5, 1e3, 1e6, 1e9}) {
        const PartitionOptions options{.partition = std::string(entry.name), .clients = clients, .alpha = alpha};
        const Partition partition = fedscape::partition(labels, 7, users, options, 3);
        EXPECT_EQ(partition, fedscape::partition(labels, 7, users, options, 3));
        EXPECT_EQ(dealt(partition), distinct(partition)) << entry.name << clients;
        EXPECT_EQ(std::ssize(partition), entry.name == "user" ? 13 : clients);
      }
}

TEST(Partition, AnotherSeedDealsOtherwise) {
  const auto labels = labels_of(500, 5);
  for (const PartitionEntry& entry : partitions()) {
    if (entry.name == "user") continue;
    const PartitionOptions options{.partition = std::string(entry.name), .clients = 6};
    EXPECT_NE(partition(labels, 5, {}, options, 3), partition(labels, 5, {}, options, 4)) << entry.name;
  }
}

TEST(Partition, WaysThatLeaveNoClassOutDealEverySample) {
  const auto labels = labels_of(333, 5);
  for (const char* name : {"iid", "dirichlet", "shards"})
    for (const std::int64_t clients : {1, 7, 400}) {
      const PartitionOptions options{.partition = name, .clients = clients, .alpha = 0.1};
      EXPECT_EQ(dealt(partition(labels, 5, {}, options, 8)), 333) << name << clients;
    }
}

TEST(IidPartition, IsEvenOrHasExactlyTheSizeAskedFor) {
  const auto labels = labels_of(103, 5);
  EXPECT_THAT(sizes(partition(labels, 5, {}, {.partition = "iid", .clients = 4}, 1)), ElementsAre(25, 26, 26, 26));
  const PartitionOptions options{.partition = "iid", .clients = 20, .samples_per_client = 5};
  EXPECT_THAT(sizes(partition(labels, 5, {}, options, 1)), Each(5));
  const PartitionOptions many{.partition = "iid", .clients = 21, .samples_per_client = 5};
  EXPECT_EQ(message_of([&] { partition(labels, 5, {}, many, 1); }),
            "partition iid: 21 clients with 5 samples each, but only 103");
}

TEST(DirichletPartition, SharesHaveTheMomentsOfTheirDistribution) {
  // With very many clients the column sums are all but constant (K / C), so that n_kc / n_c * K / C is the share of the
  // draw: mean 1/C and variance (C-1) / (C^2 (C alpha + 1)).
  const int C = 5, K = 4000;
  const std::int64_t per_class = 100000;
  const auto labels = labels_of(per_class * C, C);
  for (const double alpha : {0.1, 0.5, 5.0}) {
    const PartitionOptions options{.partition = "dirichlet", .clients = K, .alpha = alpha};
    const auto counts = class_counts(partition(labels, C, {}, options, 2), labels, C);
    double squares = 0;
    for (const std::int32_t count : counts) squares += std::pow(count * double{K} / C / per_class - 1.0 / C, 2);
    const double expected = (C - 1) / (C * C * (C * alpha + 1));
    // The kurtosis of a share is below 16 for these alphas: the standard error of the variance is below
    // 4 / sqrt(K) = 6 %, and normalising the columns adds about 1 / sqrt(K) = 2 %.
    EXPECT_NEAR(squares / static_cast<double>(counts.size()) / expected, 1, 0.2) << alpha;
  }
}

TEST(DirichletPartition, SmallAlphaGivesOneClassAndLargeAlphaGivesAll) {
  const auto labels = labels_of(10000, 10);
  const auto held = [&](double alpha) {
    const Partition dealt = partition(labels, 10, {}, {.partition = "dirichlet", .clients = 20, .alpha = alpha}, 5);
    std::vector<int> result;
    for (std::size_t k = 0; k < dealt.size(); ++k)
      if (!dealt[k].empty()) result.push_back(classes_held(dealt, labels, k));
    return result;
  };
  EXPECT_THAT(held(1e6), Each(10));
  const auto few = held(1e-6);
  // 20 clients hold one class each; a class that none of them drew goes to one client on top.
  EXPECT_LE(std::accumulate(few.begin(), few.end(), 0), 20 + 10);
}

TEST(DirichletPartition, LargeAlphaIsEven) {
  const auto labels = labels_of(10000, 10);
  const Partition even = partition(labels, 10, {}, {.partition = "dirichlet", .clients = 20, .alpha = 1e6}, 5);
  EXPECT_THAT(class_counts(even, labels, 10), Each(::testing::AllOf(::testing::Ge(49), ::testing::Le(51))));
}

TEST(LabelPartition, ClientsHoldTheirClassesAndHoldersShareEvenly) {
  const auto labels = labels_of(1000, 10);
  const PartitionOptions options{.partition = "label", .clients = 20, .classes_per_client = 5};
  const Partition dealt = partition(labels, 10, {}, options, 4);
  // 20 * 5 places of lists of 10 classes: 10 places for each class, so 10 of its 100 samples in each. No list is
  // straddled, so a client's classes are distinct.
  for (std::size_t k = 0; k < 20; ++k) EXPECT_EQ(classes_held(dealt, labels, k), 5);
  EXPECT_THAT(class_counts(dealt, labels, 10), Each(::testing::AnyOf(0, 10)));
}

TEST(LabelPartition, AClientMayHoldAClassTwiceAndThenGetsTwoShares) {
  const auto labels = labels_of(800, 4);
  bool twice = false;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const PartitionOptions options{.partition = "label", .clients = 8, .classes_per_client = 3};
    const auto counts = class_counts(partition(labels, 4, {}, options, seed), labels, 4);
    // 24 places: 6 for each class of 200 samples, 33 samples in each.
    EXPECT_THAT(counts, Each(::testing::AnyOf(0, 33, 66)));
    twice = twice || std::count(counts.begin(), counts.end(), 66) > 0;
  }
  EXPECT_TRUE(twice);
}

TEST(MapPartition, ClientsHoldTwoOrMoreClassesTheirNumberUniform) {
  const auto labels = labels_of(100000, 10);
  const Partition dealt = partition(labels, 10, {}, {.partition = "map", .clients = 200}, 4);
  std::vector<double> held(11);
  for (std::size_t k = 0; k < 200; ++k) ++held[static_cast<std::size_t>(classes_held(dealt, labels, k))];
  EXPECT_EQ(held[0] + held[1], 0);
  for (std::size_t c = 2; c <= 10; ++c) EXPECT_NEAR(held[c], 200 / 9.0, 4 * std::sqrt(200 / 9.0));
}

TEST(MapPartition, OneClassAndOneClientArePossible) {
  EXPECT_THAT(sizes(partition(labels_of(50, 1), 1, {}, {.partition = "map", .clients = 3}, 4)), Each(::testing::Gt(0)));
}

TEST(RealPartition, AnUnheldClassStaysUnused) {
  const auto labels = labels_of(100, 20);
  const Partition dealt = partition(labels, 20, {}, {.partition = "real", .clients = 1}, 4);
  EXPECT_EQ(dealt[0].size() % 5, 0u);  // whole classes of 5
  EXPECT_LT(dealt[0].size(), 100u);
}

TEST(ShardsPartition, AClientSeesAtMostAsManyClassesAsShardsWhereTheyDivide) {
  const auto labels = labels_of(1000, 10);
  const Partition dealt = partition(labels, 10, {}, {.partition = "shards", .clients = 50, .classes_per_client = 2}, 4);
  EXPECT_THAT(sizes(dealt), Each(20));
  for (std::size_t k = 0; k < 50; ++k) EXPECT_LE(classes_held(dealt, labels, k), 2);
}

TEST(UserPartition, ClientsAreTheOwners) {
  const std::vector<std::int32_t> labels = {0, 1, 0, 1}, users = {2, 0, 2, 0};
  const Partition dealt = partition(labels, 2, users, {.partition = "user", .clients = 100}, 4);
  EXPECT_THAT(dealt, ElementsAre(ElementsAre(1, 3), ElementsAre(), ElementsAre(0, 2)));
  EXPECT_THAT(message_of([&] { partition(labels, 2, {}, {.partition = "user"}, 4); }), HasSubstr("no natural owners"));
}

TEST(Partition, RefusesWhatMakesNoSense) {
  const auto labels = labels_of(100, 10);
  const auto error = [&](const PartitionOptions& options) {
    return message_of([&] { partition(labels, 10, {}, options, 1); });
  };
  EXPECT_EQ(error({.partition = "dirichlt"}), "no partition is named 'dirichlt'; did you mean 'dirichlet'?");
  EXPECT_THAT(error({.clients = 0}), HasSubstr("0 clients"));
  EXPECT_THAT(error({.clients = std::int64_t{1} << 40}), HasSubstr("expected 1 to 16777216"));
  for (const double alpha : {0.0, -1.0, std::nan(""), HUGE_VAL})
    EXPECT_THAT(error({.alpha = alpha}), HasSubstr("alpha"));
  EXPECT_THAT(error({.partition = "label", .classes_per_client = 11}), HasSubstr("expected 1 to 10"));
  EXPECT_THAT(error({.partition = "shards", .classes_per_client = 0}), HasSubstr("0 shards"));
  EXPECT_THAT(error({.partition = "shards", .classes_per_client = std::int64_t{1} << 60}), HasSubstr("shards"));
  EXPECT_THAT(error({.partition = "iid", .samples_per_client = -1}), HasSubstr("-1 samples"));
  EXPECT_THAT(message_of([&] { partition(labels, 9, {}, {}, 1); }), HasSubstr("label 9, expected 0 to 8"));
}

TEST(Clients, TheFirstFifthOfAShuffledClientIsItsOwnTestSet) {
  const Partition dealt = {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, {12, 13, 14, 15}, {16, 17, 18, 19, 20}};
  const Clients clients = make_clients(dealt, {}, 7);
  EXPECT_EQ(clients.size(), 2);
  EXPECT_EQ(clients.dropped, 1);
  EXPECT_THAT(sizes(clients.test), ElementsAre(2, 1));  // floor(0.2 * 12), floor(0.2 * 5)
  EXPECT_THAT(sizes(clients.train), ElementsAre(10, 4));
  std::vector<std::int32_t> all(clients.test[0].begin(), clients.test[0].end());
  all.insert(all.end(), clients.train[0].begin(), clients.train[0].end());
  const std::vector<std::int32_t> whole(dealt[0].begin(), dealt[0].end());
  EXPECT_NE(all, whole);
  EXPECT_THAT(all, ::testing::UnorderedElementsAreArray(whole));
}

TEST(Clients, OneSampleIsHeldOutAtLeastAndOneIsLeftAtLeast) {
  const Partition dealt = {{0}, {1, 2}, {}, {3, 4, 5}};
  const Clients clients = make_clients(dealt, {.min_samples = 0, .local_test = 0.9}, 7);
  EXPECT_THAT(sizes(clients.train), ElementsAre(1, 1, 1));
  EXPECT_THAT(sizes(clients.test), ElementsAre(0, 1, 2));
  EXPECT_THAT(sizes(make_clients(dealt, {.min_samples = 2, .local_test = 0}, 7).test), ElementsAre(0, 0));
}

TEST(Clients, WithoutATestSetKeepTheOrderInWhichTheyWereDealt) {
  const Partition dealt = {{5, 3, 4, 0, 2, 1}, {9, 7, 8, 6, 11}};
  EXPECT_EQ(make_clients(dealt, {.local_test = 0}, 7).train, dealt);
}

TEST(Clients, AFederationOfNobodyIsRefused) {
  EXPECT_THAT(message_of([] { make_clients({{0, 1}, {2}}, {}, 7); }), HasSubstr("none of 2 clients has 5 samples"));
  EXPECT_THROW(make_clients({{0, 1}}, {.local_test = 1}, 7), Error);
}

TEST(Partition, TenThousandClientsOfSixSamplesTakeNoTime) {
  const auto labels = labels_of(60000, 10);
  const Timer timer;
  const PartitionOptions options{.partition = "iid", .clients = 10000, .samples_per_client = 6};
  const Clients clients = make_clients(partition(labels, 10, {}, options, 1), options, 1);
  EXPECT_EQ(clients.size(), 10000);
  EXPECT_LT(timer.seconds(), 0.5);  // takes about 10 ms
}

}  // namespace
}  // namespace fedscape
