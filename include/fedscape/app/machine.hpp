#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "fedscape/base/fields.hpp"
#include "fedscape/comm/communicator.hpp"
#include "fedscape/device/device.hpp"
#include "fedscape/ops/tuning.hpp"

namespace fedscape {

/// What of the machine a rank uses.
struct MachineOptions {
  std::string device = "auto";
  std::int64_t threads = 0;
  std::string tuning;
  bool profile = false;
  void options(Fields& f);
  void check() const;
};

/// This rank's part: a device, a number of threads, and what the device leaves to libraries (null: nothing).
struct Machine {
  Device device;
  int threads = 1;
  std::unique_ptr<const Tuning> tuning;

  /// "cpu", "cuda:0" or "cuda:0, tuning 0123456789abcdef".
  std::string text() const;
};
/// Collective. Threads: as asked, or the cores this rank may use over the ranks of its node that share them. Device:
/// with `cuda` the ranks of a node take its CUDA devices in turn, and none is an Error; `auto` is the CPU so far.
/// Threads with a GPU: one, unless asked for. A tuning must be of a device of this kind.
Machine pick_machine(const MachineOptions& options, Communicator& comm);

/// An Error that ends in `advice` unless `tuning`, read from `path`, was made on such a device with these libraries.
void check_made_here(const Tuning& tuning, const std::string& path, Device device, std::string_view advice);

/// Version, and the linker's id of this executable ("unknown" where the linker wrote none): which build made a result.
/// What output files store.
std::string build_text();

}  // namespace fedscape
