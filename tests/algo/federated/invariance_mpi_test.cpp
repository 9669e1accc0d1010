#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "fedscape/algo/federated/apfl.hpp"
#include "fedscape/algo/federated/balanced_softmax.hpp"
#include "fedscape/algo/federated/ccvr.hpp"
#include "fedscape/algo/federated/ditto.hpp"
#include "fedscape/algo/federated/dittors.hpp"
#include "fedscape/algo/federated/fedavg.hpp"
#include "fedscape/algo/federated/fedavg_ft.hpp"
#include "fedscape/algo/federated/fedavg_sf.hpp"
#include "fedscape/algo/federated/fedaws.hpp"
#include "fedscape/algo/federated/fedbn.hpp"
#include "fedscape/algo/federated/feddf.hpp"
#include "fedscape/algo/federated/feddyn.hpp"
#include "fedscape/algo/federated/fedexp.hpp"
#include "fedscape/algo/federated/fedlc.hpp"
#include "fedscape/algo/federated/fedmmd.hpp"
#include "fedscape/algo/federated/fednova.hpp"
#include "fedscape/algo/federated/fedopt.hpp"
#include "fedscape/algo/federated/fedper.hpp"
#include "fedscape/algo/federated/fedphp.hpp"
#include "fedscape/algo/federated/fedproto.hpp"
#include "fedscape/algo/federated/fedprox.hpp"
#include "fedscape/algo/federated/fedrep.hpp"
#include "fedscape/algo/federated/fedrod.hpp"
#include "fedscape/algo/federated/fedrs.hpp"
#include "fedscape/algo/federated/fedsam.hpp"
#include "fedscape/algo/federated/lg_fedavg.hpp"
#include "fedscape/algo/federated/map.hpp"
#include "fedscape/algo/federated/moon.hpp"
#include "fedscape/algo/federated/mrtf.hpp"
#include "fedscape/algo/federated/perfedavg.hpp"
#include "fedscape/algo/federated/pfedme.hpp"
#include "fedscape/algo/federated/privacy.hpp"
#include "fedscape/algo/federated/scaffold.hpp"
#include "fedscape/algo/federated/scaffoldrs.hpp"
#include "fedscape/algo/federated/sign_alignment.hpp"
#include "fedscape/algo/federated/wsa.hpp"
#include "fedscape/nn/zoo.hpp"
#include "tests/algo/federated/every_hook.hpp"
#include "tests/algo/federated/federation_case.hpp"
#include "tests/comm/mpi_test.hpp"

namespace fedscape {
namespace {

using Maker = void (*)(test::FederationCase&);

template <class Algorithm>
void with(test::FederationCase& setting) {
  setting.algorithm = std::make_unique<Algorithm>();
}
void with_prox(test::FederationCase& setting) {
  auto penalty = std::make_unique<FedProx>();
  penalty->mu = 0.1;
  setting.penalties.push_back(std::move(penalty));
}
template <const char* fusion>
void with_wsa(test::FederationCase& setting) {
  auto penalty = std::make_unique<Wsa>();
  penalty->lambda = 0.01, penalty->fusion = fusion;
  setting.penalties.push_back(std::move(penalty));
}
template <const char* kind>
void with_signs(test::FederationCase& setting) {
  auto penalty = std::make_unique<SignAlignment>();
  penalty->gamma = 0.01, penalty->kind = kind, penalty->elect = true;
  setting.penalties.push_back(std::move(penalty));
}
template <const char* kind>
void with_opt(test::FederationCase& setting) {
  auto algorithm = std::make_unique<FedOpt>();
  algorithm->kind = kind;
  setting.algorithm = std::move(algorithm);
}
void with_soft_mask(test::FederationCase& setting) {
  auto algorithm = std::make_unique<FedRs>();
  algorithm->mask = "soft";
  setting.algorithm = std::move(algorithm);
}
void with_adaptive_mixture(test::FederationCase& setting) {
  auto algorithm = std::make_unique<Apfl>();
  algorithm->adaptive = true;
  setting.algorithm = std::move(algorithm);
}
void with_nova_momentum(test::FederationCase& setting) {
  auto algorithm = std::make_unique<FedNova>();
  algorithm->server_momentum = 0.5;
  setting.algorithm = std::move(algorithm);
}
void with_feddf(test::FederationCase& setting) {
  auto algorithm = std::make_unique<FedDf>();
  algorithm->refinement.distil.steps = 7;
  setting.algorithm = std::move(algorithm);
}
template <const char* mode>
void with_mrtf(test::FederationCase& setting) {
  auto algorithm = std::make_unique<MrTf>();
  algorithm->mode = mode, algorithm->dp_sigma = 0.01;
  algorithm->refinement.distil.steps = 7, algorithm->refinement.feed_back = true;
  setting.algorithm = std::move(algorithm);
}
void with_map_mmd(test::FederationCase& setting) {
  auto algorithm = std::make_unique<Map>();
  algorithm->transfer = "mmd";
  setting.algorithm = std::move(algorithm);
}
void with_pan(test::FederationCase& setting) {
  NetworkOptions network;
  network.name = "mlp", network.hidden = "24,16";
  network.pan.kind = "add", network.pan.amplitude = 0.5;
  setting.network = build_network(network, setting.data.shape(), setting.data.classes());
}
/// Behind every step from the second round on.
void with_shuffles(test::FederationCase& setting) {
  with_pan(setting);
  auto algorithm = std::make_unique<FedAvgSf>();
  algorithm->chance = 1e9;
  setting.algorithm = std::move(algorithm);
}
void with_every_hook(test::FederationCase& setting) {
  setting.algorithm = std::make_unique<test::EveryHook>();
  setting.penalties.push_back(std::make_unique<test::EveryPenalty>());
}
constexpr char kMean[] = "mean", kMixture[] = "mixture", kPrecision[] = "precision";
constexpr char kAll[] = "ALL", kAvgRef[] = "AvgRef", kWeiLogi[] = "WeiLogi";
constexpr char kHinge[] = "hinge", kLogistic[] = "logistic";
void with_all_penalties(test::FederationCase& setting) {
  setting.algorithm = std::make_unique<Scaffold>();
  with_prox(setting);
  with_wsa<kMean>(setting);
  with_signs<kHinge>(setting);
}
void with_privacy(test::FederationCase& setting, const PrivacyOptions& options) {
  setting.algorithm = std::make_unique<Scaffold>();
  with_prox(setting);
  with_signs<kHinge>(setting);
  const CohortOptions cohort{.cohort = 9, .sampling = setting.sampling};
  setting.privacy = std::make_unique<Privacy>(options, cohort, setting.clients.size(), 10, setting.seed);
}
void with_noise(test::FederationCase& setting) { with_privacy(setting, {.clip = 0.5, .noise = 0.1}); }
void with_local_noise(test::FederationCase& setting) {
  with_privacy(setting, {.clip = 0.5, .noise = 0.1, .local = true});
}
void with_coins(test::FederationCase& setting) {
  setting.sampling = "poisson";
  with_noise(setting);
}
constexpr char kAdam[] = "adam", kYogi[] = "yogi", kAdagrad[] = "adagrad", kMomentum[] = "momentum";

/// A new algorithm joins by one line.
const std::vector<std::pair<std::string, Maker>> kSystems = {
    {"fedavg", with<FedAvg>},
    {"fedprox", with_prox},
    {"scaffold", with<Scaffold>},
    {"fedadam", with_opt<kAdam>},
    {"fedyogi", with_opt<kYogi>},
    {"fedadagrad", with_opt<kAdagrad>},
    {"fedavgm", with_opt<kMomentum>},
    {"every_hook", with_every_hook},
    {"wsa", with_wsa<kMean>},
    {"wsa_mixture", with_wsa<kMixture>},
    {"wsa_precision", with_wsa<kPrecision>},
    {"sign", with_signs<kHinge>},
    {"sign_logistic", with_signs<kLogistic>},
    {"all_penalties", with_all_penalties},
    {"fedrs", with<FedRs>},
    {"fedrs_soft", with_soft_mask},
    {"scaffoldrs", with<ScaffoldRs>},
    {"fedlc", with<FedLc>},
    {"balanced_softmax", with<BalancedSoftmax>},
    {"fednova", with<FedNova>},
    {"fednova_momentum", with_nova_momentum},
    {"fedexp", with<FedExp>},
    {"feddyn", with<FedDyn>},
    {"fedaws", with<FedAws>},
    {"moon", with<Moon>},
    {"fedmmd", with<FedMmd>},
    {"fedsam", with<FedSam>},
    {"fedbn", with<FedBn>},
    {"fedper", with<FedPer>},
    {"lg_fedavg", with<LgFedAvg>},
    {"fedproto", with<FedProto>},
    {"fedrod", with<FedRod>},
    {"ditto", with<Ditto>},
    {"dittors", with<DittoRs>},
    {"pfedme", with<PFedMe>},
    {"perfedavg", with<PerFedAvg>},
    {"apfl", with<Apfl>},
    {"apfl_adaptive", with_adaptive_mixture},
    {"fedrep", with<FedRep>},
    {"fedavg_ft", with<FedAvgFt>},
    {"feddf", with_feddf},
    {"mrtf", with_mrtf<kAll>},
    {"mrtf_avgref", with_mrtf<kAvgRef>},
    {"mrtf_weilogi", with_mrtf<kWeiLogi>},
    {"pan", with_pan},
    {"privacy", with_noise},
    {"privacy_local", with_local_noise},
    {"privacy_poisson", with_coins},
    {"fedphp", with<FedPhp>},
    {"map", with<Map>},
    {"map_mmd", with_map_mmd},
    {"fedavg_sf", with_shuffles},
};

/// All bytes that a run leaves, its metrics included.
std::string bytes_of(const test::RunResult& result) {
  std::string bytes;
  const auto append = [&](const void* data, std::size_t size) { bytes.append(static_cast<const char*>(data), size); };
  append(result.global.data(), result.global.size() * sizeof(float));
  append(result.memory.data(), result.memory.size() * sizeof(float));
  for (const RoundReport& report : result.reports) {
    append(&report.train_loss, sizeof(double));
    append(&report.before, sizeof(Metrics));
    append(&report.after, sizeof(Metrics));
    for (const Figure& figure : report.figures) append(&figure.value, sizeof(double));
    const PrivacyReport spent = report.privacy.value_or(PrivacyReport{});
    append(&spent, sizeof(spent));
  }
  append(&result.personal, sizeof(PersonalMetrics));
  return bytes;
}

class Invariance : public ::testing::TestWithParam<std::pair<std::string, Maker>> {};

TEST_P(Invariance, OfTheBitsToRanksThreadsStacksAndRestarts) {
  struct Spread {
    int ranks, threads;
    std::int64_t stack;
    bool restart = false;
  };
  std::vector<std::string> results;
  for (const auto& [ranks, threads, stack, restart] :
       {Spread{1, 1, 1}, {1, 2, 1}, {1, 1, 7}, {1, 1, 1, true}, {2, 1, 1}, {3, 1, 7}, {4, 2, 1, true}}) {
    test::FederationCase setting(13);
    GetParam().second(setting);
    setting.local.models_per_stack = stack;
    setting.local.evaluate_clients = true;
    const test::RunOptions options = {.threads = threads, .rounds = 2, .cohort = {.cohort = 9}, .restart = restart};
    test::on_ranks(ranks, [&](Communicator& comm) { results.push_back(bytes_of(test::run(comm, setting, options))); });
  }
  for (const std::string& result : results) EXPECT_TRUE(result == results.back());
}

INSTANTIATE_TEST_SUITE_P(Systems, Invariance, ::testing::ValuesIn(kSystems),
                         [](const auto& system) { return system.param.first; });

TEST(Engine, TellsEveryRankOfALossThatIsNotFinite) {
  test::FederationCase setting;
  setting.local.optimizer.lr = 1e30;
  std::string message;
  try {
    test::run(test::world(), setting, {.rounds = 3, .cohort = {.cohort = 9}});
  } catch (const AgreedError& error) {
    message = error.what();
  }
  EXPECT_EQ(message.find("client "), 0u) << message;
}

TEST(Calibration, HasTheSameBitsOnAnyNumberOfRanks) {
  const test::FederationCase setting;
  const std::vector<float> params = setting.initial();
  std::vector<ClassGaussians> told;
  std::vector<std::vector<float>> models;
  for (const int ranks : {1, 2, 3, 4})
    test::on_ranks(ranks, [&](Communicator& comm) {
      Workers workers({}, ranks % 2 + 1);
      told.push_back(class_gaussians(workers, comm, setting.network, {params.data(), {1, std::ssize(params)}},
                                     setting.data, setting.clients));
      models.push_back(calibrated(workers.stream(), setting.network, params, told.back(), {}, 3));
    });
  for (const ClassGaussians& g : told)
    EXPECT_TRUE(g.mean == told.back().mean && g.covariance == told.back().covariance);
  for (const auto& model : models) EXPECT_EQ(model, models.back());
}

TEST(Evaluation, ShardedHasTheSameBitsOnAnyNumberOfRanks) {
  const test::FederationCase setting;
  const std::vector<float> params = setting.initial();
  std::vector<Metrics> results;
  for (const int ranks : {1, 2, 3, 4})
    test::on_ranks(ranks, [&](Communicator& comm) {
      Workers workers({}, ranks % 2 + 1);
      const View<const float> row(params.data(), {setting.network.layout().size()});
      results.push_back(evaluate_sharded(workers, comm, setting.network, row, setting.data));
    });
  for (const Metrics& metrics : results) EXPECT_EQ(std::memcmp(&metrics, &results.back(), sizeof(Metrics)), 0);
  EXPECT_EQ(results.back().count, setting.data.size());
}

}  // namespace
}  // namespace fedscape
