// Rounds against code that others released; tests/golden/federated.py, map.py and personal.py say whose.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "fedscape/algo/federated/catalog.hpp"
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
  void field(std::string_view, bool&, std::string_view) override {}
  void field(std::string_view name, std::string& value, std::string_view) override {
    if (const auto text = texts_.find(name); text != texts_.end()) value = text->get<std::string>();
  }

 private:
  const json& texts_;
};

Network tiny_network() {
  Network network(kSample);
  int node = network.add("hidden", linear(kHidden), {0});
  node = network.add("relu", relu(), {node});
  network.add("classifier", linear(kClasses, false), {node});
  network.finish();
  return network;
}

struct Released {
  const char *file, *name, *algorithm;
};

/// The federation of a golden: samples and labels of all clients one after the other.
struct Tiny {
  explicit Tiny(const Released& released) : golden(test::read_golden(released.file)[released.name]) {
    std::vector<float> samples;
    std::vector<std::int32_t> labels;
    for (std::size_t k = 0; k < golden["counts"].size(); ++k) {
      const std::int64_t n = golden["counts"][k];
      const std::vector<float> own = test::golden_values(10 + k, n * kFeatures);
      samples.insert(samples.end(), own.begin(), own.end());
      std::vector<std::int32_t> list(static_cast<std::size_t>(n));
      std::iota(list.begin(), list.end(), static_cast<std::int32_t>(labels.size()));
      clients.train.add(list), clients.test.add({});
      for (std::int64_t i = 0; i < n; ++i)  // client 1 lacks the last class
        labels.push_back(static_cast<std::int32_t>(test::golden_word(20 + k, static_cast<std::uint64_t>(i)) %
                                                   (k == 1 ? kClasses - 1 : kClasses)));
    }
    data = Dataset("golden", kSample, kClasses, std::move(samples), std::move(labels));
    algorithm = make_algorithm(released.algorithm);
    SetFields fields(golden["options"]);
    algorithm->options(fields);
    local.sampling.batch = golden["batch"], local.sampling.shuffle = false;
    local.epochs = golden["epochs"], local.min_steps = golden["min_steps"];
    local.weights = golden["options"].value("weights", "uniform");
    local.optimizer.lr = golden["lr"], local.optimizer.momentum = golden["momentum"];
    local.optimizer.weight_decay = golden.value("weight_decay", 0.0);
    local.optimizer.warmup = std::stod(golden["options"].value("warmup", "0"));
  }

  std::vector<float> initial() const {
    std::vector<float> params;
    std::uint64_t stream = 1;
    for (const ParamSlot& slot : network.layout().slots()) {
      const std::vector<float> values = test::golden_values(stream++, slot.size(), 0, 0.5);
      params.insert(params.end(), values.begin(), values.end());
    }
    return params;
  }

  json golden;
  Network network = tiny_network();
  Dataset data;
  Clients clients;
  std::unique_ptr<FederatedAlgorithm> algorithm;
  std::vector<std::unique_ptr<Penalty>> penalties;
  LocalOptions local;
};

/// |a - b| / |b| of one parameter.
double relative_error(const ParamSlot& slot, const std::vector<float>& a, const json& b) {
  double error = 0, norm = 0;
  for (std::int64_t j = slot.offset; j < slot.offset + slot.size(); ++j) {
    const double expected = b[static_cast<std::size_t>(j)];
    error += std::pow(double(a[static_cast<std::size_t>(j)]) - expected, 2), norm += expected * expected;
  }
  return std::sqrt(error / norm);
}

class ReleasedCode : public ::testing::TestWithParam<Released> {};

TEST_P(ReleasedCode, ComesToTheSameModelsRoundByRound) {
  const Tiny tiny(GetParam());
  const Federation federation{tiny.network,
                              *tiny.algorithm,
                              tiny.penalties,
                              tiny.data,
                              tiny.clients,
                              tiny.local,
                              nullptr,
                              0,
                              static_cast<std::int64_t>(tiny.golden["cohorts"].size())};
  Workers workers({}, 1);
  const auto comm = test::alone();
  const auto memory = make_memory_in_ram();
  Engine engine(workers, *comm, federation);
  Server server = initial_server(workers.stream(), federation, tiny.initial());
  for (std::size_t round = 0; round < tiny.golden["cohorts"].size(); ++round) {
    const std::vector<ClientId> ids = tiny.golden["cohorts"][round];
    engine.round({ids, std::vector<int>(ids.size(), 1)}, server, *memory);
    const std::vector<float> global = to_host(workers.stream(), server.global.view());
    for (const ParamSlot& slot : tiny.network.layout().slots())
      EXPECT_LT(relative_error(slot, global, tiny.golden["parameters"][round]), 1e-5) << slot.name << " " << round;
    if (!tiny.golden.contains("private")) continue;
    for (const ClientId id : ids) {
      std::vector<float> row(static_cast<std::size_t>(total_footprint(federation).client));
      ASSERT_TRUE(memory->load(id, row));
      for (const ParamSlot& slot : tiny.network.layout().slots())
        EXPECT_LT(relative_error(slot, row, tiny.golden["private"][round][static_cast<std::size_t>(id)]), 1e-5)
            << slot.name << " of client " << id << " after round " << round;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Systems, ReleasedCode,
    ::testing::Values(Released{"federated", "fedrs", "fedrs"}, Released{"federated", "fednova", "fednova"},
                      Released{"federated", "scaffold", "scaffold"}, Released{"federated", "feddyn", "feddyn"},
                      Released{"map", "map", "map"}, Released{"map", "map_mmd", "map"},
                      Released{"map", "fedphp", "fedphp"}, Released{"personal", "ditto", "ditto"},
                      Released{"personal", "dittors", "dittors"}, Released{"personal", "pfedme", "pfedme"},
                      Released{"personal", "perfedavg", "perfedavg"}, Released{"personal", "fedper", "fedper"}),
    [](const auto& released) { return std::string(released.param.name); });

}  // namespace
}  // namespace fedscape
