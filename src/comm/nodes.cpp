#include "fedscape/comm/nodes.hpp"

#include <cstring>

namespace fedscape {

std::vector<int> nodes_of(Communicator& comm) {
  const int rank = comm.rank();
  const std::shared_ptr<const void> shared = comm.share_on_node(
      sizeof rank, [&](std::span<std::byte> memory) { std::memcpy(memory.data(), &rank, sizeof rank); });
  int node = 0;
  std::memcpy(&node, shared.get(), sizeof node);
  std::vector<std::byte> bytes;
  comm.all_gather(std::as_bytes(std::span(&node, 1)), bytes);
  std::vector<int> nodes(bytes.size() / sizeof node);
  std::memcpy(nodes.data(), bytes.data(), bytes.size());
  return nodes;
}

}  // namespace fedscape
