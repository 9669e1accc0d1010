#include "tests/algo/federated/every_hook.hpp"

#include <gtest/gtest.h>

#include "tests/algo/federated/federation_case.hpp"

namespace fedscape {
namespace {

using test::FederationCase;

struct EveryHook : public ::testing::Test {
  EveryHook() {
    auto algorithm = std::make_unique<test::EveryHook>();
    every_hook = algorithm.get();
    setting.algorithm = std::move(algorithm);
    setting.penalties.push_back(std::make_unique<test::EveryPenalty>());
    server = initial_server(workers.stream(), setting.federation(), setting.initial());
  }

  FederationCase setting;
  test::EveryHook* every_hook;
  Workers workers{{}, 1};
  std::unique_ptr<Communicator> comm = test::alone();
  std::unique_ptr<ClientMemory> memory = make_memory_in_ram();
  Server server;
  const std::int64_t p = setting.network.layout().size();
};

TEST_F(EveryHook, SizesOfThePenaltyFollowThoseOfTheAlgorithm) {
  const auto total = total_footprint(setting.federation());
  EXPECT_EQ(total.client, p + 1);
  EXPECT_EQ(total.server, p + 4 + p);
  EXPECT_EQ(total.upload, p + 1 + 2);
}

TEST_F(EveryHook, TheServerBeginsWithInitialMemory) {
  const std::vector<float> floats = to_host(workers.stream(), server.memory.view());
  EXPECT_EQ(floats.front(), 0.125f);
  EXPECT_EQ(floats[static_cast<std::size_t>(p + 3)], 0.125f);
  EXPECT_EQ(floats[static_cast<std::size_t>(p + 4)], 0.0f);  // the penalty's
}

TEST_F(EveryHook, ClientsRememberAndCount) {
  Engine engine(workers, *comm, setting.federation());
  engine.round({{2, 3}, {1, 1}}, server, *memory);
  engine.round({{3, 4}, {1, 1}}, server, *memory);
  std::vector<float> row(static_cast<std::size_t>(p + 1));
  EXPECT_FALSE(memory->load(1, row));
  for (const auto& [id, rounds] : std::vector<std::pair<ClientId, float>>{{2, 1}, {3, 2}, {4, 1}}) {
    ASSERT_TRUE(memory->load(id, row));
    EXPECT_EQ(row.back(), rounds);
  }
}

TEST_F(EveryHook, UploadsStayForTheServerToSum) {
  Engine engine(workers, *comm, setting.federation());
  std::vector<std::vector<float>> models;
  const std::vector<float> before = to_host(workers.stream(), server.global.view());
  engine.round({{0, 1, 2}, {1, 1, 1}}, server, *memory, false,
               [&](Stream& stream, ClientId, View<const float> params) { models.push_back(to_host(stream, params)); });
  const std::vector<float> floats = to_host(workers.stream(), server.memory.view());
  for (std::size_t i = 0; i < static_cast<std::size_t>(p); ++i) {
    double sum = 0;
    for (const auto& model : models) sum += double(model[i] - before[i]);
    EXPECT_NEAR(double(floats[i]), sum, 1e-6);
  }
  EXPECT_EQ(floats[static_cast<std::size_t>(p)], static_cast<float>(setting.data.size()));  // of the server's data
}

TEST_F(EveryHook, PersonalModelsAreThoseThatMetricsAreTakenOf) {
  every_hook->tuning_steps = 0;
  setting.local.evaluate_clients = true;
  Engine engine(workers, *comm, setting.federation());
  std::vector<std::int32_t> all_tests;
  for (const auto& test : setting.clients.test) all_tests.insert(all_tests.end(), test.begin(), test.end());
  const Metrics personal = engine.evaluate_personal(server, *memory);
  EXPECT_EQ(personal.count, static_cast<std::int64_t>(all_tests.size()));
  // Before the first round clients have half of the initial model: they would start from 3/4 of it, and the mean of
  // both is their personal one.
  std::vector<float> params = setting.initial();
  for (float& x : params) x *= 0.625f;
  Evaluator evaluator(workers.stream(), setting.network, 1);
  evaluator.load(workers.stream(), View<const float>(params.data(), {1, p}));
  EXPECT_NEAR(personal.loss, evaluator.all(workers.stream(), setting.data, all_tests)[0].loss, 1e-4);
  EXPECT_EQ(engine.round({{5}, {1}}, server, *memory).before.count, std::ssize(setting.clients.test[5]));
}

TEST_F(EveryHook, PersonalModelsAreTunedOnTheirClientsSamples) {
  const auto loss_after = [&](std::int64_t steps) {
    every_hook->tuning_steps = steps;
    Federation own = setting.federation();
    Clients clients = setting.clients;
    clients.test = clients.train;  // what tuning sees, it should know
    const Federation federation{own.network, own.algorithm, own.penalties,  own.train,
                                clients,     own.local,     own.server_data};
    return Engine(workers, *comm, federation).evaluate_personal(server, *memory).loss;
  };
  EXPECT_LT(loss_after(20), loss_after(0));
}

TEST_F(EveryHook, StepsAreThoseThatTrainWhatIsSent) {
  const auto federation = setting.federation();
  Engine engine(workers, *comm, federation);
  const RoundReport report = engine.round({{3, 4}, {1, 1}}, server, *memory);
  std::int64_t expected = 0;
  for (const std::size_t k : {3u, 4u}) {
    const std::int64_t steps = setting.local.steps(std::ssize(setting.clients.train[k]));
    expected += steps + std::max<std::int64_t>(steps / 2, 1);
  }
  EXPECT_EQ(report.steps, expected);
}

TEST_F(EveryHook, WithoutServerDataIsRefused) {
  Federation federation = setting.federation();
  Federation without{federation.network, federation.algorithm, federation.penalties,
                     federation.train,   federation.clients,   federation.local};
  EXPECT_THROW(Engine(workers, *comm, without), Error);
}

}  // namespace
}  // namespace fedscape
