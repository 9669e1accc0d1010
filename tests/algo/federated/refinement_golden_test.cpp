// MrTF and FedDF against the code that MrTF's authors released; tests/golden/refinement.py says how.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "fedscape/algo/federated/feddf.hpp"
#include "fedscape/algo/federated/mrtf.hpp"
#include "fedscape/nn/layers.hpp"
#include "tests/algo/federated/federation_case.hpp"
#include "tests/support/golden.hpp"

namespace fedscape {
namespace {

using nlohmann::json;

constexpr int kFeatures = 6, kHidden = 5, kClasses = 3;
const Shape kSample = {1, 1, kFeatures};

Network tiny_network() {
  Network network(kSample);
  int node = network.add("hidden", linear(kHidden), {0});
  node = network.add("relu", relu(), {node});
  network.add("classifier", linear(kClasses, false), {node});
  network.finish();
  return network;
}

/// Appends samples whose class is the largest of their first `classes` features.
void add_samples(std::uint64_t stream, std::int64_t count, int classes, std::vector<float>& samples,
                 std::vector<std::int32_t>& labels) {
  const std::vector<float> own = test::golden_values(stream, count * kFeatures);
  for (auto x = own.begin(); x != own.end(); x += kFeatures)
    labels.push_back(static_cast<std::int32_t>(std::max_element(x, x + classes) - x));
  samples.insert(samples.end(), own.begin(), own.end());
}

/// The federation of the golden under one of its systems.
struct Tiny {
  explicit Tiny(const std::string& name) : all(test::read_golden("refinement")), golden(all["systems"][name]) {
    std::vector<float> samples;
    std::vector<std::int32_t> labels;
    for (std::size_t k = 0; k < all["counts"].size(); ++k) {
      const std::int64_t n = all["counts"][k];
      std::vector<std::int32_t> list(static_cast<std::size_t>(n));
      std::iota(list.begin(), list.end(), static_cast<std::int32_t>(labels.size()));
      clients.train.add(list), clients.test.add({});
      add_samples(10 + k, n, kClasses - (k == 1), samples, labels);
    }
    data = Dataset("golden", kSample, kClasses, std::move(samples), std::move(labels));
    std::vector<float> server_samples;
    std::vector<std::int32_t> server_labels;
    add_samples(30, all["samples"], kClasses, server_samples, server_labels);
    server_data = Dataset("golden", kSample, kClasses, std::move(server_samples), std::move(server_labels));
    local.sampling.batch = all["batch"], local.sampling.shuffle = false;
    local.local_steps = all["local_steps"];
    local.optimizer.lr = all["lr"], local.optimizer.momentum = all["momentum"], local.optimizer.clip = 100;
  }

  std::unique_ptr<FederatedAlgorithm> algorithm(bool feed_back) const {
    RefinementOptions refinement{.feed_back = feed_back};
    refinement.distil.steps = all["steps"], refinement.distil.batch = all["samples"];
    if (golden["options"].empty()) {
      auto feddf = std::make_unique<FedDf>();
      feddf->refinement = refinement;
      return feddf;
    }
    auto mrtf = std::make_unique<MrTf>();
    mrtf->mode = golden["options"]["mode"];
    mrtf->add_glo = golden["options"]["add_glo"], mrtf->glo_w = golden["options"]["glo_w"];
    mrtf->deviation_batch = all["deviation_batch"], mrtf->refinement = refinement;
    return mrtf;
  }

  std::vector<float> initial() const {
    std::vector<float> params;
    std::uint64_t stream = 1;
    for (const ParamSlot& slot : network.layout().slots()) {
      const double centre = slot.name == "hidden.bias" ? 1 : 0;
      const std::vector<float> values = test::golden_values(stream++, slot.size(), centre, 0.5);
      params.insert(params.end(), values.begin(), values.end());
    }
    return params;
  }

  json all, golden;
  Network network = tiny_network();
  Dataset data, server_data;
  Clients clients;
  std::vector<std::unique_ptr<Penalty>> penalties;
  LocalOptions local;
};

/// |a - b| / |b| of elements begin..end-1.
double relative_error(const std::vector<float>& a, const json& b, std::int64_t begin, std::int64_t end) {
  double error = 0, norm = 0;
  for (auto j = static_cast<std::size_t>(begin); j < static_cast<std::size_t>(end); ++j) {
    const double expected = b[j];
    error += std::pow(double(a[j]) - expected, 2), norm += expected * expected;
  }
  return std::sqrt(error / norm);
}

class ReleasedRefinement : public ::testing::TestWithParam<const char*> {};

TEST_P(ReleasedRefinement, HasTheSameLabelsStudentsAndAccuracies) {
  const Tiny tiny(GetParam());
  Workers workers({}, 2);
  const auto comm = test::alone();
  const auto memory = make_memory_in_ram();
  const std::int64_t rounds = tiny.all["rounds"];
  std::optional<Server> server;
  const auto round_with = [&](const FederatedAlgorithm& algorithm) {
    const Federation federation{tiny.network, algorithm,  tiny.penalties,   tiny.data,
                                tiny.clients, tiny.local, &tiny.server_data};
    if (!server) server = initial_server(workers.stream(), federation, tiny.initial());
    return Engine(workers, *comm, federation).round({{0, 1, 2}, {1, 1, 1}}, *server, *memory);
  };
  const auto only_tested = tiny.algorithm(false), fed_back = tiny.algorithm(true);
  for (std::int64_t round = 0; round < rounds; ++round) {
    const RoundReport report = round_with(round + 1 < rounds ? *only_tested : *fed_back);
    for (std::size_t i = 0; i < 3; ++i)
      EXPECT_NEAR(report.figures[i].value, tiny.golden["accuracies"][i][static_cast<std::size_t>(round)].get<double>(),
                  1e-9)
          << report.figures[i].name << " of round " << round;
  }
  const std::vector<float> student = to_host(workers.stream(), server->global.view());
  for (const ParamSlot& slot : tiny.network.layout().slots())
    EXPECT_LT(relative_error(student, tiny.golden["student"], slot.offset, slot.offset + slot.size()), 1e-5)
        << slot.name;
  const auto labels = static_cast<std::int64_t>(tiny.golden["labels"].size());
  if (labels == 0) return;
  EXPECT_LT(relative_error(to_host(workers.stream(), server->memory.view()), tiny.golden["labels"], 0, labels), 1e-5);
}

INSTANTIATE_TEST_SUITE_P(Systems, ReleasedRefinement,
                         ::testing::Values("feddf", "AvgLogi", "AvgProb", "WeiLogi", "WeiProb", "AvgRef", "GloRef",
                                           "ALL", "ALL_clients_alone", "ALL_equal"),
                         [](const auto& system) { return std::string(system.param); });

}  // namespace
}  // namespace fedscape
