#include <gtest/gtest.h>

#include "fedscape/algo/federated/catalog.hpp"
#include "fedscape/algo/federated/fedopt.hpp"
#include "fedscape/algo/federated/fedprox.hpp"
#include "fedscape/algo/federated/scaffold.hpp"
#include "tests/algo/federated/rounds.hpp"

namespace fedscape {
namespace {

using test::FederationCase;
using test::trained;

std::unique_ptr<FedProx> fedprox(double mu, const char* kind = "squared") {
  auto penalty = std::make_unique<FedProx>();
  penalty->mu = mu;
  penalty->kind = kind;
  return penalty;
}

TEST(FedProx, WithoutWeightIsFedAvg) {
  FederationCase setting;
  setting.penalties.push_back(fedprox(0));
  EXPECT_EQ(trained(setting), trained(FederationCase()));
}

TEST(FedProx, KeepsModelsNearer) {
  const auto comm = test::alone();
  for (const char* kind : {"squared", "smooth_l1"}) {
    FederationCase setting;
    setting.local.optimizer.momentum = 0;
    const double free = test::run(*comm, setting, {.rounds = 1}).reports[0].upload_norm;
    setting.penalties.push_back(fedprox(kind == std::string("squared") ? 2 : 100, kind));
    EXPECT_LT(test::run(*comm, setting, {.rounds = 1}).reports[0].upload_norm, free) << kind;
  }
}

TEST(Scaffold, BeginsAsFedAvg) {
  FederationCase setting;
  setting.algorithm = make_algorithm("scaffold");
  EXPECT_EQ(trained(setting, 1), trained(FederationCase(), 1));
  EXPECT_NE(trained(setting, 3), trained(FederationCase(), 3));
}

TEST(Scaffold, KeepsTheServersControlTheMeanOfTheClients) {
  FederationCase setting;
  setting.algorithm = make_algorithm("scaffold");
  const auto comm = test::alone();
  const std::int64_t clients = setting.clients.size();
  const std::vector<float> memory = test::run(*comm, setting, {.rounds = 4, .cohort = {.cohort = clients}}).memory;
  const std::size_t p = setting.initial().size();
  ASSERT_EQ(memory.size(), p * static_cast<std::size_t>(clients + 1));
  for (std::size_t i = 0; i < p; ++i) {
    double sum = 0, size = 0;
    for (std::size_t k = 1; k <= static_cast<std::size_t>(clients); ++k)
      sum += double(memory[k * p + i]), size += std::abs(double(memory[k * p + i]));
    // Four rounds of float additions to c and to each c_k.
    EXPECT_NEAR(double(memory[i]), sum / double(clients), 1e-5 * (1e-2 + size / double(clients)));
  }
}

TEST(FedOpt, WithoutMomentumAtRateOneIsFedAvg) {
  FederationCase setting;
  auto algorithm = std::make_unique<FedOpt>();
  algorithm->kind = "momentum", algorithm->beta1 = 0, algorithm->server_lr = 1;
  setting.algorithm = std::move(algorithm);
  EXPECT_EQ(trained(setting), trained(FederationCase()));
}

TEST(FedAvg, OfModelsThatStayIsTheIdentity) {
  FederationCase setting(9, true);
  setting.local.optimizer.lr = 0;
  EXPECT_EQ(trained(setting), setting.initial());
}

TEST(Catalog, SuggestsTheNearestName) {
  EXPECT_EQ(make_algorithm("fedavg") != nullptr, true);
  try {
    make_algorithm("scafold");
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("'scaffold'"), std::string::npos);
  }
}

}  // namespace
}  // namespace fedscape
