// Rounds against code that others released, or against formulas of papers where there is none; the scripts in
// tests/golden named after the files say whose.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "fedscape/algo/federated/catalog.hpp"
#include "fedscape/algo/federated/ccvr.hpp"
#include "fedscape/nn/layers.hpp"
#include "tests/algo/federated/federation_case.hpp"
#include "tests/support/golden.hpp"

namespace fedscape {
namespace {

using nlohmann::json;

constexpr int kFeatures = 6, kHidden = 5, kClasses = 3;
const Shape kSample = {1, 1, kFeatures};

/// Sets options by name from the golden's texts.
class SetFields : public Fields {
 public:
  explicit SetFields(const json& texts) : texts_(texts) {}
  void field(std::string_view name, std::int64_t& value, std::string_view) override {
    if (const auto text = texts_.find(name); text != texts_.end()) value = std::stoll(text->get<std::string>());
  }
  void field(std::string_view name, double& value, std::string_view) override {
    if (const auto text = texts_.find(name); text != texts_.end()) value = std::stod(text->get<std::string>());
  }
  void field(std::string_view name, bool& value, std::string_view) override {
    if (const auto text = texts_.find(name); text != texts_.end()) value = *text == "true";
  }
  void field(std::string_view name, std::string& value, std::string_view) override {
    if (const auto text = texts_.find(name); text != texts_.end()) value = text->get<std::string>();
  }

 private:
  const json& texts_;
};

Network tiny_network(bool normed) {
  Network network(kSample);
  int node = network.add("hidden", linear(kHidden), {0});
  if (normed) node = network.add("norm", batch_norm(), {node});
  node = network.add("relu", relu(), {node});
  network.add("classifier", linear(kClasses, false), {node});
  network.finish();
  return network;
}

struct Golden {
  const char *file, *name, *algorithm = nullptr;  // null: the name is the algorithm's
};

/// The label of sample i of client k, by one of the laws of tests/golden/tiny.py.
std::int32_t label_of(const std::string& law, std::uint64_t k, std::uint64_t i) {
  const std::uint64_t classes = k == 1 ? kClasses - 1 : kClasses;
  if (law == "one") return static_cast<std::int32_t>(k % kClasses);
  return static_cast<std::int32_t>((law == "in_turn" ? i : test::golden_word(20 + k, i)) % classes);
}

/// The federation of a golden: samples and labels of all clients one after the other.
struct Tiny {
  explicit Tiny(const Golden& made) : golden(test::read_golden(made.file)[made.name]) {
    std::vector<float> samples;
    std::vector<std::int32_t> labels;
    for (std::size_t k = 0; k < golden["counts"].size(); ++k) {
      const std::int64_t n = golden["counts"][k];
      const std::vector<float> own = test::golden_values(10 + k, n * kFeatures);
      samples.insert(samples.end(), own.begin(), own.end());
      std::vector<std::int32_t> list(static_cast<std::size_t>(n));
      std::iota(list.begin(), list.end(), static_cast<std::int32_t>(labels.size()));
      clients.train.add(list), clients.test.add({});
      for (std::int64_t i = 0; i < n; ++i)
        labels.push_back(label_of(golden.value("labels", "drawn"), k, static_cast<std::uint64_t>(i)));
    }
    data = Dataset("golden", kSample, kClasses, std::move(samples), std::move(labels));
    algorithm = make_algorithm(made.algorithm ? made.algorithm : made.name);
    for (const PenaltyEntry& entry : fedscape::penalties())
      if (golden.value("penalty", "") == entry.name) penalties.push_back(entry.make());
    set_options(golden["options"]);
    local.sampling.batch = golden["batch"], local.sampling.shuffle = false;
    local.epochs = golden["epochs"], local.min_steps = golden["min_steps"];
    local.local_steps = golden.value("local_steps", 0);
    local.weights = golden["options"].value("weights", "uniform");
    local.optimizer.lr = golden["lr"], local.optimizer.momentum = golden["momentum"];
    local.optimizer.weight_decay = golden.value("weight_decay", 0.0);
    local.optimizer.warmup = golden.value("warmup", 0.0), local.optimizer.clip = golden.value("clip", 0.0);
  }

  void set_options(const json& texts) {
    SetFields fields(texts);
    algorithm->options(fields);
    for (const auto& penalty : penalties) penalty->options(fields);
  }

  /// What changes with the round.
  void turn_to(std::size_t round) {
    if (!golden.contains("by_round")) return;
    local.optimizer.lr = golden["by_round"][round]["lr"];
    set_options(golden["by_round"][round]["options"]);
  }

  Federation federation() const {
    return {network, *algorithm, penalties, data, clients, local, nullptr, 0, std::ssize(golden["cohorts"])};
  }

  std::vector<float> initial() const {
    std::vector<float> params;
    std::uint64_t stream = 1;
    for (const ParamSlot& slot : network.layout().slots()) {
      const double around = slot.name == "norm.weight" || slot.name == "norm.running_var" ? 1 : 0;
      const std::vector<float> values =
          test::golden_values(stream++, slot.size(), around, slot.role == ParamRole::statistic ? 0 : 0.5);
      params.insert(params.end(), values.begin(), values.end());
    }
    return params;
  }

  json golden;
  Network network = tiny_network(golden.contains("batch_norm"));
  Dataset data;
  Clients clients;
  std::unique_ptr<FederatedAlgorithm> algorithm;
  std::vector<std::unique_ptr<Penalty>> penalties;
  LocalOptions local;
};

/// |a - b| / |b| of the elements `run`.
template <class T>
double relative_error(const ParamRun& run, const std::vector<T>& a, const json& b) {
  double error = 0, norm = 0;
  for (std::int64_t j = run.first; j < run.second; ++j) {
    const double expected = b[static_cast<std::size_t>(j)];
    error += std::pow(double(a[static_cast<std::size_t>(j)]) - expected, 2), norm += expected * expected;
  }
  return norm > 0 ? std::sqrt(error / norm) : std::sqrt(error);
}

class GoldenRounds : public ::testing::TestWithParam<Golden> {};

TEST_P(GoldenRounds, ComeToTheSameModels) {
  Tiny tiny(GetParam());
  Workers workers({}, 1);
  const auto comm = test::alone();
  const auto memory = make_memory_in_ram();
  Server server = initial_server(workers.stream(), tiny.federation(), tiny.initial());
  for (std::size_t round = 0; round < tiny.golden["cohorts"].size(); ++round) {
    const std::vector<ClientId> ids = tiny.golden["cohorts"][round];
    tiny.turn_to(round);
    Engine(workers, *comm, tiny.federation()).round({ids, std::vector<int>(ids.size(), 1)}, server, *memory);
    const std::vector<float> global = to_host(workers.stream(), server.global.view());
    for (const ParamSlot& slot : tiny.network.layout().slots())
      EXPECT_LT(relative_error({slot.offset, slot.offset + slot.size()}, global, tiny.golden["parameters"][round]),
                1e-5)
          << slot.name << " " << round;
  }
  const json remembered = tiny.golden.value("server", json::array());
  const std::vector<float> server_memory = to_host(workers.stream(), server.memory.view());
  EXPECT_LT(relative_error({0, std::ssize(remembered)}, server_memory, remembered), 1e-5);
  const json clients = tiny.golden.value("clients", json::array());  // what stays with each of them
  for (std::size_t k = 0; k < clients.size(); ++k) {
    std::vector<float> own(static_cast<std::size_t>(total_footprint(tiny.federation()).client));
    ASSERT_TRUE(memory->load(static_cast<ClientId>(k), own));
    EXPECT_LT(relative_error({0, std::ssize(clients[k])}, own, clients[k]), 1e-5) << "client " << k;
  }
}

const std::vector<Golden> kGoldens = {{"federated", "fedrs"},
                                      {"federated", "fednova"},
                                      {"federated", "scaffold"},
                                      {"federated", "scaffoldrs"},
                                      {"federated", "feddyn"},
                                      {"global_models", "moon"},
                                      {"global_models", "fedprox", "fedavg"},
                                      {"global_models", "fedprox_smooth_l1", "fedavg"},
                                      {"global_models", "fedexp"},
                                      {"global_models", "fedsam"},
                                      {"global_models", "fedaws"},
                                      {"global_models", "fedmmd"},
                                      {"global_models", "fedavgm", "fedopt"},
                                      {"global_models", "fedlc"},
                                      {"global_models", "balanced_softmax", "balanced-softmax"},
                                      {"own_models", "fedrep"},
                                      {"own_models", "lg_fedavg", "lg-fedavg"},
                                      {"own_models", "fedbn"},
                                      {"own_models", "apfl"},
                                      {"own_models", "fedrod"},
                                      {"own_models", "fedproto"},
                                      {"formulas", "apfl_adaptive", "apfl"},
                                      {"formulas", "adam", "fedopt"},
                                      {"formulas", "yogi", "fedopt"},
                                      {"formulas", "adagrad", "fedopt"},
                                      {"personal", "ditto"},
                                      {"personal", "dittors"},
                                      {"personal", "perfedavg"},
                                      {"personal", "pfedme"},
                                      {"personal", "fedper"},
                                      {"personal", "fedphp"},
                                      {"personal", "map_kd", "map"},
                                      {"personal", "map_mmd", "map"}};
INSTANTIATE_TEST_SUITE_P(Systems, GoldenRounds, ::testing::ValuesIn(kGoldens),
                         [](const auto& golden) { return std::string(golden.param.name); });

// Virtual features of no covariance are the means, whatever is drawn.
TEST(GoldenCcvr, PoolsClassesAndCalibratesLikeThePapersFormulas) {
  const Tiny tiny({"formulas", "ccvr", "fedavg"});
  Workers workers({}, 1);
  const std::vector<float> params = tiny.initial();
  ClassGaussians gaussians = class_gaussians(workers, *test::alone(), tiny.network,
                                             {params.data(), {1, std::ssize(params)}}, tiny.data, tiny.clients);
  EXPECT_EQ(json(gaussians.samples), tiny.golden["samples"]);
  EXPECT_LT(relative_error({0, kClasses * kHidden}, gaussians.mean, tiny.golden["mean"]), 1e-5);
  EXPECT_LT(relative_error({0, std::ssize(gaussians.covariance)}, gaussians.covariance, tiny.golden["covariance"]),
            1e-5);
  std::fill(gaussians.covariance.begin(), gaussians.covariance.end(), 0);
  CcvrOptions options;
  options.virtual_samples = 2, options.batch = 2 * kClasses;
  SetFields fields(tiny.golden["calibration"]);
  options.options(fields);
  const std::vector<float> model = calibrated(workers.stream(), tiny.network, params, gaussians, options, 1);
  for (const ParamSlot& slot : tiny.network.layout().slots())
    EXPECT_LT(relative_error({slot.offset, slot.offset + slot.size()}, model, tiny.golden["calibrated"]), 1e-5)
        << slot.name;
}

}  // namespace
}  // namespace fedscape
