#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "fedscape/algo/alignment/local_models.hpp"
#include "fedscape/algo/alignment/shuffle.hpp"
#include "tests/algo/federated/federation_case.hpp"
#include "tests/comm/mpi_test.hpp"

namespace fedscape {
namespace {

template <class T>
void append(std::string& bytes, const T& value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

TEST(ShuffleTest, HasTheSameBitsOnAnyNumberOfRanksAndThreads) {
  const test::FederationCase setting;
  std::vector<std::string> results;
  for (const int ranks : {1, 2, 3, 4})
    test::on_ranks(ranks, [&](Communicator& comm) {
      Workers workers({}, ranks % 2 + 1);
      std::string bytes;
      for (const ShuffleResult& result : shuffle_test(workers, comm, setting.network, setting.initial(), setting.data,
                                                      {.ratios = "0,0.3,1", .probabilities = "0.5,1"}, 5))
        append(bytes, result);
      results.push_back(bytes);
    });
  for (const std::string& result : results) EXPECT_TRUE(result == results.back());
  EXPECT_EQ(results.back().size(), 19 * sizeof(ShuffleResult));
}

TEST(LocalModels, AreAlignedAlikeOnAnyNumberOfRanksAndThreads) {
  const test::FederationCase setting;
  std::vector<std::string> results;
  for (const int ranks : {1, 2, 3, 4})
    test::on_ranks(ranks, [&](Communicator& comm) {
      Workers workers({}, ranks % 2 + 1);
      const Cohort cohort = sample_cohort(setting.clients.size(), {.cohort = 4}, 5, 0);
      const auto models = train_local_models(workers, comm, setting.federation(), setting.initial(), cohort);
      std::string bytes;
      for (const LocalModel& model : models) append(bytes, model.client), append(bytes, model.distance);
      for (const AlignedPair& pair : align_local_models(workers, comm, setting.network, models, setting.data, 50)) {
        append(bytes, pair.first), append(bytes, pair.second);
        for (const LayerShares& shares : pair.layers) append(bytes, shares);
      }
      results.push_back(bytes);
    });
  for (const std::string& result : results) EXPECT_TRUE(result == results.back());
  EXPECT_EQ(results.back().size(),
            4 * (sizeof(ClientId) + sizeof(double)) + 6 * (2 * sizeof(ClientId) + sizeof(LayerShares)));
}

}  // namespace
}  // namespace fedscape
