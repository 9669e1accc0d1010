#include "fedscape/comm/device_ranks.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

#include "fedscape/base/log.hpp"
#include "fedscape/comm/nodes.hpp"
#include "fedscape/device/cuda.hpp"

namespace fedscape {

namespace {

template <std::size_t N>
void write_text(const std::string& text, std::array<char, N>& to) {
  std::copy_n(text.begin(), std::min(text.size(), N - 1), to.begin());
}

std::vector<RankDevice> gather_devices(Communicator& world, const Device& device) {
  RankDevice mine;
  mine.node = nodes_of(world)[static_cast<std::size_t>(world.rank())];
  mine.device = device;
  if (device.kind == DeviceKind::cuda) {
    write_text(cuda::bus_address(device), mine.address);
    write_text(cuda::device_name(device), mine.name);
  }
  std::vector<std::byte> bytes;
  world.all_gather(std::as_bytes(std::span(&mine, 1)), bytes);
  std::vector<RankDevice> ranks(bytes.size() / sizeof mine);
  std::memcpy(static_cast<void*>(ranks.data()), bytes.data(), bytes.size());
  return ranks;
}

}  // namespace

std::string why_not_nccl(std::span<const RankDevice> ranks, bool built) {
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    if (ranks[i].device.kind != DeviceKind::cuda) return fmt::format("rank {} runs on the CPU", i);
    for (std::size_t k = 0; k < i; ++k)
      if (ranks[k].node == ranks[i].node && ranks[k].address == ranks[i].address)
        return fmt::format("ranks {} and {} share the GPU at {}", k, i, ranks[i].address.data());
  }
  return built ? "" : "this build has no NCCL";
}

std::string binding_text(std::span<const RankDevice> ranks) {
  std::string text;
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    text += fmt::format("{}rank {} on the node of rank {}: ", i > 0 ? "\n" : "", i, ranks[i].node);
    text += ranks[i].device.kind == DeviceKind::cuda ? fmt::format("CUDA device {} at {}, {}", ranks[i].device.index,
                                                                   ranks[i].address.data(), ranks[i].name.data())
                                                     : "CPU";
  }
  return text;
}

DeviceRanks::DeviceRanks(Communicator& world, Stream& stream) : world_(world) {
  const std::vector<RankDevice> ranks = gather_devices(world, stream.device());
  const auto on_cuda = [](const RankDevice& rank) { return rank.device.kind == DeviceKind::cuda; };
  if (std::ranges::none_of(ranks, on_cuda)) return;
  log_info("{}", binding_text(ranks));
  if (world.size() == 1) return;  // every sum is the identity
  std::string why = why_not_nccl(ranks, kNcclBuilt);
  if (why.empty()) {
    try {
      own_ = make_nccl_communicator(world, stream);
    } catch (const AgreedError& error) {
      why = error.what();
    }
  }
  if (!why.empty()) log_warning("sums over ranks go through MPI, not NCCL: {}", why);
}

}  // namespace fedscape
