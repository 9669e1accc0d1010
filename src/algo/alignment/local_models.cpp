#include "fedscape/algo/alignment/local_models.hpp"
#include "fedscape/base/at.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <mutex>

namespace fedscape {

namespace {

double distance(const ParamLayout& layout, std::span<const float> a, std::span<const float> b) {
  double squares = 0;
  for (const auto& run : layout.trained())
    for (std::int64_t i = run.first; i < run.second; ++i) squares += std::pow(double(a[at(i)]) - double(b[at(i)]), 2);
  return std::sqrt(squares);
}

std::vector<LayerShares> align(Stream& stream, const Network& network, std::span<const float> first,
                               std::span<const float> second, const Dataset& probe, std::int64_t samples) {
  const auto told = [&](std::span<const float> params) {
    return std::array{weight_features(network, params), activation_features(stream, network, params, probe, samples),
                      preference_features(stream, network, params, probe, samples)};
  };
  const auto a = told(first), b = told(second);
  std::vector<LayerShares> shares;
  for (std::size_t layer = 0; layer < a[0].size(); ++layer)
    shares.push_back({share_in_place(a[0][layer], b[0][layer]), share_in_place(a[1][layer], b[1][layer]),
                      share_in_place(a[2][layer], b[2][layer])});
  return shares;
}

}  // namespace

std::vector<LocalModel> train_local_models(Workers& workers, Communicator& comm, const Federation& federation,
                                           std::span<const float> params, const Cohort& cohort) {
  const std::size_t row = params.size() * sizeof(float), record = sizeof(ClientId) + row;
  std::vector<std::byte> mine, all;
  std::mutex mutex;
  const ClientObserver keep = [&](Stream& stream, ClientId client, View<const float> trained) {
    const std::vector<float> host = to_host(stream, trained);
    const auto id = std::as_bytes(std::span(&client, 1)), values = std::as_bytes(std::span(host));
    const std::lock_guard lock(mutex);
    mine.insert(mine.end(), id.begin(), id.end());
    mine.insert(mine.end(), values.begin(), values.end());
  };
  Engine engine(workers, comm, federation);
  Server server = initial_server(workers.stream(), federation, params);
  engine.round(cohort, server, *make_memory_in_ram(), false, keep);
  comm.all_gather(mine, all);

  std::vector<LocalModel> models(all.size() / record);
  for (std::size_t k = 0; k < models.size(); ++k) {
    const std::byte* const from = all.data() + k * record;
    models[k].params.resize(params.size());
    std::memcpy(&models[k].client, from, sizeof(ClientId));
    std::memcpy(models[k].params.data(), from + sizeof(ClientId), row);
    models[k].distance = distance(federation.network.layout(), models[k].params, params);
  }
  std::sort(models.begin(), models.end(), [](const auto& a, const auto& b) { return a.client < b.client; });
  return models;
}

std::vector<AlignedPair> align_local_models(Workers& workers, Communicator& comm, const Network& network,
                                            std::span<const LocalModel> models, const Dataset& probe,
                                            std::int64_t samples) {
  const std::size_t layers = hidden_layers(network).size();
  std::vector<AlignedPair> pairs;
  std::vector<std::pair<std::size_t, std::size_t>> places;
  for (std::size_t a = 0; a < models.size(); ++a)
    for (std::size_t b = a + 1; b < models.size(); ++b) {
      pairs.push_back({models[a].client, models[b].client, std::vector<LayerShares>(layers)});
      places.emplace_back(a, b);
    }
  const std::int64_t total = std::ssize(pairs), ranks = comm.size();
  std::vector<LayerShares> mine(at((total - comm.rank() + ranks - 1) / ranks) * layers);
  workers.run(std::ssize(mine) / std::max<std::int64_t>(1, std::int64_t(layers)),
              [&](Stream& stream, int, std::int64_t task) {
                const auto [a, b] = places[at(comm.rank() + task * ranks)];
                const auto shares = align(stream, network, models[a].params, models[b].params, probe, samples);
                std::copy(shares.begin(), shares.end(), mine.begin() + task * std::int64_t(layers));
              });
  std::vector<std::byte> bytes;
  comm.all_gather(std::as_bytes(std::span(mine)), bytes);
  const std::byte* next = bytes.data();
  for (std::int64_t rank = 0; rank < ranks; ++rank)
    for (std::int64_t pair = rank; pair < total; pair += ranks, next += layers * sizeof(LayerShares))
      std::memcpy(pairs[at(pair)].layers.data(), next, layers * sizeof(LayerShares));
  return pairs;
}

}  // namespace fedscape
