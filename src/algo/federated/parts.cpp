#include "src/algo/federated/parts.hpp"

#include "fedscape/ops/reduce.hpp"

namespace fedscape {

std::vector<Part> parts_of(const Federation& federation) {
  const Network& network = federation.network;
  const Problem problem{network.layout(), network.classes(), network.features(),
                        federation.server_data ? federation.server_data->size() : 0};
  std::vector<Part> parts = {{nullptr, federation.algorithm.footprint(problem)}};
  for (const auto& penalty : federation.penalties)
    if (penalty->active()) parts.push_back({penalty.get(), penalty->footprint(problem)});
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const Part& before = parts[i - 1];
    parts[i].client = before.client + before.size.client;
    parts[i].server = before.server + before.size.server;
    parts[i].upload = before.upload + before.size.upload;
  }
  return parts;
}

FederatedAlgorithm::Footprint total_footprint(const Federation& federation) {
  FederatedAlgorithm::Footprint total;
  for (const Part& part : parts_of(federation)) {
    total.client += part.size.client;
    total.server += part.size.server;
    total.upload += part.size.upload;
    total.uploads = total.uploads || part.size.uploads;
    total.server_data = total.server_data || part.size.server_data;
    total.personal = total.personal || part.size.personal;
  }
  return total;
}

Server initial_server(Stream& stream, const Federation& federation, std::span<const float> params) {
  const std::int64_t p = federation.network.layout().size();
  FEDSCAPE_CHECK(static_cast<std::int64_t>(params.size()) == p, "{} parameters for a network of {}", params.size(), p);
  Server server;
  server.global = to_device(stream, std::vector<float>(params.begin(), params.end()), {1, p});
  const std::int64_t floats = total_footprint(federation).server;
  server.memory = Tensor<float>(stream, {1, floats});
  ops::fill(stream, 0.0f, server.memory.view());
  const Part algorithm = parts_of(federation).front();
  federation.algorithm.initial_memory(stream, server.global, share_of(server.memory.view(), 0, algorithm.size.server));
  return server;
}

}  // namespace fedscape
