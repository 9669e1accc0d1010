#include "tests/algo/federated/federation_case.hpp"

#include <cstring>
#include <optional>

#include "fedscape/algo/federated/fedavg.hpp"
#include "fedscape/data/synthetic.hpp"
#include "fedscape/nn/init.hpp"
#include "fedscape/nn/layers.hpp"
#include "tests/support/one_rank.hpp"

namespace fedscape::test {

namespace {

Network make_network(const Dataset& data, bool linear_model) {
  Network network(data.shape());
  int node = 0;
  if (!linear_model) {
    node = network.add("hidden", linear(11), {node});
    node = network.add("norm", batch_norm(), {node});
    node = network.add("relu", relu(), {node});
    node = network.add("dropout", dropout(0.25f, 0), {node});
  }
  network.add("classifier", linear(data.classes()), {node});
  network.finish();
  return network;
}

/// Client k holds 5 + 7 k mod 23 samples, a fifth of them as its test set.
Clients ragged(std::int64_t count, std::int64_t samples) {
  Clients clients;
  std::int64_t next = 0;
  for (std::int64_t k = 0; k < count; ++k) {
    const std::int64_t n = 5 + 7 * k % 23;
    std::vector<std::int32_t> own;
    for (std::int64_t i = 0; i < n; ++i, ++next) own.push_back(static_cast<std::int32_t>(next % samples));
    clients.test.add(std::span(own).first(static_cast<std::size_t>(n / 5)));
    clients.train.add(std::span(own).subspan(static_cast<std::size_t>(n / 5)));
  }
  return clients;
}

Dataset make_data() {
  SyntheticOptions options;
  options.classes = 4, options.features = 6, options.train_samples = 200;
  return gaussian_mixture(options, Split::train, 1);
}

/// What all clients remember, by id; nothing of those without memory.
std::vector<float> gather_memories(Communicator& comm, const FederationCase& setting, ClientMemory& memory) {
  const std::int64_t size = total_footprint(setting.federation()).client;
  std::vector<float> all, row(static_cast<std::size_t>(size));
  for (ClientId id = 0; size > 0 && id < setting.clients.size(); ++id) {
    const bool mine = id % comm.size() == comm.rank() && memory.load(id, row);
    std::vector<std::byte> bytes;
    comm.all_gather(mine ? std::as_bytes(std::span(row)) : std::span<const std::byte>(), bytes);
    all.resize(all.size() + bytes.size() / sizeof(float));
    if (!bytes.empty()) std::memcpy(all.data() + all.size() - bytes.size() / sizeof(float), bytes.data(), bytes.size());
  }
  return all;
}

/// What is left of a server after it was written and read again.
Server reread(Stream& stream, const Server& server) {
  return {server.round, to_device(stream, to_host(stream, server.global.view()), server.global.shape()),
          to_device(stream, to_host(stream, server.memory.view()), server.memory.shape())};
}

}  // namespace

std::unique_ptr<Communicator> alone() { return std::make_unique<OneRank>(); }

FederationCase::FederationCase(std::int64_t count, bool linear)
    : data(make_data()),
      network(make_network(data, linear)),
      clients(ragged(count, data.size())),
      algorithm(std::make_unique<FedAvg>()) {
  local.sampling.batch = 4;
  local.epochs = 2;
  local.optimizer.lr = 0.1;
  local.optimizer.momentum = 0.5;
}

Federation FederationCase::federation() const {
  return {network, *algorithm, penalties, data, clients, local, &data, seed, 10, privacy.get()};
}

std::vector<float> FederationCase::initial() const {
  std::vector<float> params(static_cast<std::size_t>(network.layout().size()));
  init_params(network, "torch", seed, params);
  return params;
}

SampleLists replaced(const SampleLists& lists, const std::vector<std::vector<std::int32_t>>& by, std::size_t first) {
  SampleLists result;
  for (std::size_t k = 0; k < lists.size(); ++k)
    result.add(first <= k && k < first + by.size() ? std::span<const std::int32_t>(by[k - first]) : lists[k]);
  return result;
}

RunResult run(Communicator& comm, const FederationCase& setting, const RunOptions& options) {
  Workers workers({}, options.threads);
  if (options.profile) workers.start_profiles();
  std::optional<Engine> engine;
  Server server = initial_server(workers.stream(), setting.federation(), setting.initial());
  const auto memory = make_memory_in_ram();
  RunResult result;
  CohortOptions cohort = options.cohort;
  cohort.sampling = setting.sampling;
  for (std::int64_t round = 0; round < options.rounds; ++round) {
    if (options.restart) server = reread(workers.stream(), server);
    if (options.restart || !engine) engine.emplace(workers, comm, setting.federation());
    result.reports.push_back(
        engine->round(sample_cohort(setting.clients.size(), cohort, setting.seed, round), server, *memory));
  }
  if (total_footprint(setting.federation()).personal) result.personal = engine->evaluate_personal(server, *memory);
  result.global = to_host(workers.stream(), server.global.view());
  result.memory = to_host(workers.stream(), server.memory.view());
  const std::vector<float> remembered = gather_memories(comm, setting, *memory);
  result.memory.insert(result.memory.end(), remembered.begin(), remembered.end());
  return result;
}

OneRound one_round(const FederationCase& setting, std::span<const float> memory) {
  Workers workers({}, 1);
  const auto comm = alone();
  Engine engine(workers, *comm, setting.federation());
  Server server = initial_server(workers.stream(), setting.federation(), setting.initial());
  if (!memory.empty()) copy_to_device(workers.stream(), server.memory.data(), memory.data(), memory.size_bytes());
  const std::int64_t clients = setting.clients.size();
  OneRound result{std::vector<std::vector<float>>(static_cast<std::size_t>(clients)), {}};
  engine.round(sample_cohort(clients, {.cohort = clients}, setting.seed, 0), server, *make_memory_in_ram(), false,
               [&](Stream& stream, ClientId id, View<const float> params) {
                 result.models[static_cast<std::size_t>(id)] = to_host(stream, params);
               });
  result.memory = to_host(workers.stream(), server.memory.view());
  return result;
}

}  // namespace fedscape::test
