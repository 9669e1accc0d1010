#include "fedscape/app/machine.hpp"

#include <elf.h>
#include <link.h>
#include <sched.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "fedscape/base/check.hpp"
#include "fedscape/comm/nodes.hpp"
#include "fedscape/device/cuda.hpp"
#include "fedscape/device/pick.hpp"
#include "fedscape/io/tuning_file.hpp"

namespace fedscape {

namespace {

/// The cores that each rank may run on.
std::vector<cpu_set_t> all_cores(Communicator& comm) {
  cpu_set_t mine{};
  sched_getaffinity(0, sizeof mine, &mine);
  std::vector<std::byte> bytes;
  comm.all_gather(std::as_bytes(std::span(&mine, 1)), bytes);
  std::vector<cpu_set_t> cores(bytes.size() / sizeof mine);
  std::memcpy(cores.data(), bytes.data(), bytes.size());
  return cores;
}

/// The build id lies in a note of the first loaded object, the executable.
int find_build_id(dl_phdr_info* info, std::size_t, void* out) {
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = info->dlpi_phdr[i];
    if (segment.p_type != PT_NOTE) continue;
    const char* at = reinterpret_cast<const char*>(info->dlpi_addr + segment.p_vaddr);
    for (const char* const end = at + segment.p_memsz; at + sizeof(ElfW(Nhdr)) <= end;) {
      ElfW(Nhdr) note;
      std::memcpy(&note, at, sizeof note);
      const char* const name = at + sizeof note;
      const char* const content = name + (note.n_namesz + 3) / 4 * 4;
      if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && std::memcmp(name, "GNU", 4) == 0)
        for (std::size_t k = 0; k < note.n_descsz; ++k)
          *static_cast<std::string*>(out) += fmt::format("{:02x}", static_cast<unsigned char>(content[k]));
      at = content + (note.n_descsz + 3) / 4 * 4;
    }
  }
  return 1;
}

/// What `path` says of this device.
std::unique_ptr<const Tuning> tuning_of(Device device, const std::string& path) {
  FEDSCAPE_CHECK(device.kind == DeviceKind::cuda, "--tuning: it is for CUDA devices and needs --device cuda");
  auto tuning = std::make_unique<Tuning>(read_tuning(path));
  check_made_here(*tuning, path, device, "run `fedscape tune` here");
  return tuning;
}

}  // namespace

void MachineOptions::options(Fields& f) {
  f.field("device", device, "auto, cpu or cuda; auto is the CPU until the CUDA kernels have run on a GPU");
  f.field("threads", threads, "threads of each rank; 0: one with a GPU, else all cores over the ranks of a node");
  f.field("tuning", tuning, "file of `fedscape tune`: products that a GPU leaves to cuBLAS and cuDNN; empty: none");
  f.field("profile", profile, "print where time goes, phase by phase, beside the cores' peaks; stored in the output");
}

void MachineOptions::check() const {
  FEDSCAPE_CHECK(device == "auto" || device == "cpu" || device == "cuda",
                 "--device: auto, cpu or cuda was expected, not '{}'", device);
  FEDSCAPE_CHECK(threads >= 0 && threads <= 1024, "--threads: 0 to 1024 was expected, not {}", threads);
}

Machine pick_machine(const MachineOptions& options, Communicator& comm) {
  const std::vector<int> nodes = nodes_of(comm);
  const std::vector<cpu_set_t> cores = all_cores(comm);
  const auto own = static_cast<std::size_t>(comm.rank());
  int sharing = 0, before = 0;
  for (std::size_t rank = 0; rank < nodes.size(); ++rank) {
    if (nodes[rank] != nodes[own]) continue;
    if (rank < own) ++before;
    if (CPU_EQUAL(&cores[rank], &cores[own])) ++sharing;
  }
  Machine machine;
  machine.device = pick_device(options.device, before);
  const bool on_cpu = machine.device.kind == DeviceKind::cpu;
  const int usable = on_cpu ? CPU_COUNT(&cores[own]) / std::max(1, sharing) : 1;
  machine.threads = options.threads > 0 ? static_cast<int>(options.threads) : std::max(1, usable);
  if (!options.tuning.empty()) machine.tuning = tuning_of(machine.device, options.tuning);
  return machine;
}

std::string Machine::text() const {
  if (device.kind == DeviceKind::cpu) return "cpu";
  const std::string name = fmt::format("cuda:{}", device.index);
  return tuning ? fmt::format("{}, tuning {:016x}", name, tuning->hash()) : name;
}

void check_made_here(const Tuning& tuning, const std::string& path, Device device, std::string_view advice) {
  const std::string name = cuda::device_name(device), libraries = cuda::libraries();
  FEDSCAPE_CHECK(tuning.device == name && tuning.libraries == libraries,
                 "{}: made on '{}' with {}, this is '{}' with {}; {}", path, tuning.device, tuning.libraries, name,
                 libraries, advice);
}

std::string build_text() {
  std::string id;
  dl_iterate_phdr(find_build_id, &id);
  return fmt::format("fedscape {} ({})", FEDSCAPE_VERSION, id.empty() ? "unknown" : id);
}

}  // namespace fedscape
