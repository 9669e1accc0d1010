#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>

#include "fedscape/comm/communicator.hpp"

namespace fedscape {

/// What the others have to know of a rank's device. Plain bytes, to be gathered.
struct RankDevice {
  int node = 0;  // see nodes.hpp
  Device device;
  std::array<char, 32> address{};  // on the bus of its node: slices of one GPU have the same
  std::array<char, 64> name{};
};

/// Why NCCL cannot sum what the ranks have in device memory, in words; empty where it can: every rank has a GPU of its
/// own. `built`: this build has NCCL.
std::string why_not_nccl(std::span<const RankDevice> ranks, bool built);
/// One line a rank: its node, device, the device's address and name. For the log.
std::string binding_text(std::span<const RankDevice> ranks);

/// The ranks of a world with arrays of CUDA devices summed over NCCL on the stream that they are given with, or by MPI
/// where NCCL cannot (why is logged). What is in host memory, and everything on CPUs, is left to `world`.
class DeviceRanks {
 public:
  /// Collective; `stream` is of this rank's device, and both outlive the object. Logs which rank has which device.
  DeviceRanks(Communicator& world, Stream& stream);
  /// To be used instead of `world`.
  Communicator& comm() { return own_ ? *own_ : world_; }

 private:
  Communicator& world_;
  std::unique_ptr<Communicator> own_;  // null: nothing is summed on devices
};

/// Whether this build has NCCL.
extern const bool kNcclBuilt;
/// `world` with the sums of device arrays on NCCL. Collective; an Error on every rank where NCCL cannot be initialised
/// on any. Defined in nccl_communicator.cpp or in no_nccl.cpp.
std::unique_ptr<Communicator> make_nccl_communicator(Communicator& world, Stream& stream);

}  // namespace fedscape
